//! A lamp with two bulbs.

fn main() {
    println!("red and green are {}", light::together(0xff0000, 0x00ff00));
}
