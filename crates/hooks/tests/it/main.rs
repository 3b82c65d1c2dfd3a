//! What deliveries say, who may have sent them, and that none of them does harm.

mod acr;
mod aliyun;
mod artifactory;
mod authentication;
mod delivered;
mod distribution;
mod dockerhub;
mod ecr;
mod gcr;
mod generic;
mod gitea;
mod github;
mod harbor;
mod keys;
mod malformed;
mod nexus;
mod properties;
mod provider;
mod quay;
mod secrecy;
mod senders;
mod token;
mod zot;
