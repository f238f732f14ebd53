//! Request methods: any token is one (RFC 3261 §25.1), the ones we know have a name.

use core::fmt;

use crate::grammar::is_token;

macro_rules! methods {
    ($($variant:ident = $text:literal, $doc:literal;)*) => {
        /// A request method. Case matters (RFC 3261 §7.1): `invite` is [`Method::Other`].
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Method {
            $(#[doc = $doc] $variant,)*
            /// Any other token.
            Other(Box<str>),
        }

        impl Method {
            /// Every method with a name of its own.
            pub const KNOWN: &'static [Self] = &[$(Self::$variant,)*];

            /// The method's text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)*
                    Self::Other(text) => text,
                }
            }

            /// The method `text` names; `None` if it is not a token.
            #[must_use]
            pub fn from_token(text: &str) -> Option<Self> {
                match text {
                    $($text => Some(Self::$variant),)*
                    other if is_token(other) => Some(Self::Other(other.into())),
                    _ => None,
                }
            }
        }
    };
}

methods! {
    Invite = "INVITE", "RFC 3261 §13.";
    Ack = "ACK", "RFC 3261 §13, §17.1.1.3.";
    Bye = "BYE", "RFC 3261 §15.";
    Cancel = "CANCEL", "RFC 3261 §9.";
    Register = "REGISTER", "RFC 3261 §10.";
    Options = "OPTIONS", "RFC 3261 §11.";
    Prack = "PRACK", "RFC 3262.";
    Update = "UPDATE", "RFC 3311.";
    Info = "INFO", "RFC 6086.";
    Refer = "REFER", "RFC 3515.";
    Subscribe = "SUBSCRIBE", "RFC 6665.";
    Notify = "NOTIFY", "RFC 6665.";
    Message = "MESSAGE", "RFC 3428.";
    Publish = "PUBLISH", "RFC 3903.";
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_token_is_a_method_and_case_matters() {
        for method in Method::KNOWN {
            assert_eq!(Method::from_token(method.as_str()).as_ref(), Some(method));
        }
        assert_eq!(
            Method::from_token("invite"),
            Some(Method::Other("invite".into()))
        );
        assert_eq!(Method::from_token("IN VITE"), None);
        assert_eq!(Method::from_token(""), None);
    }
}
