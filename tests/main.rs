//! The integration tests: one binary, a module for each subject.

mod support;

mod build;
mod cases;
mod environment;
mod processes;
mod terminal;
mod examples;
mod genrule;
mod rust;
mod cache;
mod incremental;
mod interrupted;
mod random;
