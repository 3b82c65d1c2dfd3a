//! Sluice: the program.
