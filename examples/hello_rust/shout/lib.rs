//! `shout!("text")` is the text in capitals, made while compiling.

use proc_macro::TokenStream;

/// The literal in capitals.
#[proc_macro]
pub fn shout(literal: TokenStream) -> TokenStream {
    literal.to_string().to_uppercase().parse().expect("a literal")
}
