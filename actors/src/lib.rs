//! The actors and the messages that they exchange.
