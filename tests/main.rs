//! The integration tests: one binary, a module for each subject.

mod support;

mod build;
mod cc;
mod cc_use;
