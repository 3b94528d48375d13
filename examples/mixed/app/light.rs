//! Colours of light, on top of the C and C++ libraries.

use std::ffi::{CStr, c_char};

unsafe extern "C" {
    fn mix(a: u32, b: u32) -> u32;
    fn color_name(color: u32) -> *const c_char;
}

/// The light of two colours together, by name.
pub fn together(a: u32, b: u32) -> String {
    // SAFETY: the text is copied before anything else is called in this thread.
    unsafe { CStr::from_ptr(color_name(mix(a, b))) }.to_string_lossy().into_owned()
}

#[test]
fn red_and_green_are_yellow() {
    assert_eq!(together(0xff0000, 0x00ff00), "yellow");
}
