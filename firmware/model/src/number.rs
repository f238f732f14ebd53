//! What can be dialled.

use core::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::limits;

/// A dialled number or extension: 1 to 32 characters of `0-9 * # +` with `+` only in front.
///
/// Anything else that can stand in a request URI (letters, dots) is a name, not a number, and is
/// looked up as a login.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Number(Arc<str>);

/// Why a text is not a [`Number`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberError {
    /// Nothing was dialled.
    Empty,
    /// More than [`limits::NUMBER_LEN_MAX`] characters.
    TooLong,
    /// The character at this byte cannot be dialled.
    Character(usize),
}

impl fmt::Display for NumberError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("a number has at least one digit"),
            Self::TooLong => write!(
                f,
                "a number has at most {} characters",
                limits::NUMBER_LEN_MAX
            ),
            Self::Character(at) => write!(
                f,
                "character {} cannot be dialled: a number is made of 0-9 * # and a leading +",
                at + 1
            ),
        }
    }
}

impl core::error::Error for NumberError {}

impl Number {
    /// `text` as a number.
    ///
    /// # Errors
    /// [`NumberError`] names the rule that `text` breaks.
    pub fn new(text: &str) -> Result<Self, NumberError> {
        if text.is_empty() || text == "+" {
            return Err(NumberError::Empty);
        }
        if text.len() > limits::NUMBER_LEN_MAX {
            return Err(NumberError::TooLong);
        }
        let legal = |(at, b): (usize, u8)| {
            b.is_ascii_digit() || b == b'*' || b == b'#' || (b == b'+' && at == 0)
        };
        match text.bytes().enumerate().position(|c| !legal(c)) {
            Some(at) => Err(NumberError::Character(at)),
            None => Ok(Self(text.into())),
        }
    }

    /// The characters as dialled.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Number {
    type Error = NumberError;

    fn try_from(text: String) -> Result<Self, NumberError> {
        Self::new(&text)
    }
}

impl From<Number> for String {
    fn from(number: Number) -> Self {
        number.as_str().into()
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Number({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_what_a_keypad_can_say() {
        for good in ["2005", "*43", "#442005", "+48221234567"] {
            assert!(Number::new(good).is_ok(), "{good}");
        }
        assert_eq!(Number::new(""), Err(NumberError::Empty));
        assert_eq!(Number::new("48+"), Err(NumberError::Character(2)));
        assert_eq!(Number::new(&"1".repeat(33)), Err(NumberError::TooLong));
    }
}
