//! Answers that are not a success: one type, one body, the right status.

use std::time::Duration;

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
};

use crate::{api::Problem, exchange::Refusal, vault::VaultError};

/// A status with a [`Problem`] as its body.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    status: StatusCode,
    problem: Box<Problem>,
}

impl Failure {
    /// A failure named `error`; `message` says in English what to do next.
    pub(crate) fn new(status: StatusCode, error: &str, message: &str) -> Self {
        let problem = Problem {
            error: error.into(),
            message: message.into(),
            ..Problem::default()
        };
        Self {
            status,
            problem: Box::new(problem),
        }
    }

    /// A field of the request cannot be accepted.
    pub(crate) fn field(field: &str, error: &str, message: &str) -> Self {
        let mut failure = Self::new(StatusCode::UNPROCESSABLE_ENTITY, error, message);
        failure.problem.field = Some(field.into());
        failure
    }

    /// Come back later.
    pub(crate) fn later(error: &str, message: &str, seconds: u64) -> Self {
        let mut failure = Self::new(StatusCode::TOO_MANY_REQUESTS, error, message);
        failure.problem.retry_after_s = Some(seconds);
        failure
    }

    /// Too many wrong tries.
    pub(crate) fn slow_down(wait: Duration) -> Self {
        let seconds = wait.as_millis().div_ceil(1_000);
        let seconds = u64::try_from(seconds).unwrap_or(u64::MAX);
        let message = format!("Too many wrong tries. Wait {seconds} seconds and try again.");
        Self::later("slow_down", &message, seconds)
    }

    /// Nobody is signed in.
    pub(crate) fn stranger() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "not_signed_in",
            "Nobody is signed in, or the session is over. Sign in and try again.",
        )
    }

    /// The person may not do this.
    pub(crate) fn forbidden() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "forbidden",
            "Only an administrator may do this. Ask one, or sign in as one.",
        )
    }

    /// There is no such thing.
    pub(crate) fn missing(what: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            &format!("There is no such {what}. Load the page again to see what there is."),
        )
    }

    /// Our own fault; the reason goes to the log and not to the browser.
    pub(crate) fn internal(reason: &str) -> Self {
        tracing::error!(reason, "request failed");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "The exchange could not do this. Try again; if it fails again, look into the log.",
        )
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotFound(what) => Self::missing(what),
            Refusal::Field {
                field,
                rule,
                message,
            } => Self::field(field, rule, &message),
            Refusal::State { error, message } => Self::new(StatusCode::CONFLICT, error, &message),
            Refusal::Conflict => Self::new(
                StatusCode::CONFLICT,
                "conflict",
                "Somebody else changed the same part. Load it again and repeat your change.",
            ),
            Refusal::Text(faults) => {
                let mut failure = Self::new(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "config_faults",
                    "The configuration text has faults; nothing was changed. Correct them and save again.",
                );
                failure.problem.faults = faults;
                failure
            }
            Refusal::Busy => {
                let mut failure = Self::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "busy",
                    "The exchange is busy or being stopped. Try again in a moment.",
                );
                failure.problem.retry_after_s = Some(2);
                failure
            }
            Refusal::Internal(reason) => Self::internal(&reason),
        }
    }
}

impl From<VaultError> for Failure {
    fn from(error: VaultError) -> Self {
        Self::internal(&error.to_string())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let retry = self.problem.retry_after_s;
        let mut response = (self.status, Json(*self.problem)).into_response();
        if let Some(seconds) = retry {
            response
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
