//! The integration tests: one binary, a module for each subject.

mod support;

mod build;
mod cc;
mod cc_use;
mod real;
mod real_bzip2;
mod real_lua;
mod real_suite;
