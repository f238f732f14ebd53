//! What can be wrong with what a peer sent. Every variant is the peer's doing.

/// Why bytes or a header value could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// Longer than `limits::SIP_MESSAGE_MAX`.
    #[error("message too long")]
    TooLong,
    /// More headers than `limits::SIP_HEADERS_MAX`.
    #[error("too many headers")]
    TooManyHeaders,
    /// More values in a header, parameters or entries than the reader takes.
    #[error("too many values in a header")]
    TooManyValues,
    /// Nothing but line ends.
    #[error("empty message")]
    Empty,
    /// The bytes end before the empty line.
    #[error("message ends inside the headers")]
    Truncated,
    /// Neither a request line nor a status line.
    #[error("start line is malformed")]
    StartLine,
    /// The SIP version is not 2.0.
    #[error("SIP version is not 2.0")]
    Version,
    /// The status code is not 100–699.
    #[error("status code out of range")]
    StatusCode,
    /// The method is not a token.
    #[error("method is malformed")]
    Method,
    /// The request URI is malformed.
    #[error("request URI is malformed")]
    RequestUri,
    /// A header line without a colon, or with a name that is no token.
    #[error("header line is malformed")]
    HeaderLine,
    /// The body is shorter than Content-Length says.
    #[error("body is shorter than Content-Length")]
    BodyShort,
    /// A header that every message or this method must have is missing.
    #[error("mandatory header {0} is missing")]
    Missing(&'static str),
    /// A header that may stand once stands several times with different values.
    #[error("header {0} stands more than once")]
    Repeated(&'static str),
    /// The value of a header is malformed.
    #[error("header {0} is malformed")]
    Malformed(&'static str),
    /// The method in CSeq differs from the request line's.
    #[error("CSeq names another method")]
    CSeqMethod,
    /// A URI is malformed.
    #[error("URI is malformed")]
    Uri,
    /// A host name or address is malformed.
    #[error("host is malformed")]
    Host,
    /// Parameters are malformed.
    #[error("parameters are malformed")]
    Params,
    /// A quoted string has no end.
    #[error("quoted string has no end")]
    Quote,
}
