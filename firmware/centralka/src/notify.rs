//! Telling the service manager: ready, stopping, alive. The only place that knows systemd.

use std::time::Duration;

/// How often the service manager wants to hear that we live; `None` without a watchdog.
pub(crate) fn watchdog_interval() -> Option<Duration> {
    #[cfg(feature = "libsystemd")]
    {
        let us = systemd::daemon::watchdog_enabled(false).ok()?;
        (us > 0).then(|| Duration::from_micros(us))
    }
    #[cfg(not(feature = "libsystemd"))]
    {
        sd_notify::watchdog_enabled()
    }
}

/// The exchange answers calls from now on.
pub(crate) fn ready(status: &str) {
    send(&["READY=1", &format!("STATUS={status}")]);
}

/// The exchange is going down in order.
pub(crate) fn stopping() {
    send(&["STOPPING=1", "STATUS=calls in progress may end"]);
}

/// Every thread has shown a sign of life.
pub(crate) fn alive() {
    send(&["WATCHDOG=1"]);
}

#[cfg(feature = "libsystemd")]
fn send(lines: &[&str]) {
    let pairs: Vec<(&str, &str)> = lines.iter().filter_map(|l| l.split_once('=')).collect();
    if let Err(error) = systemd::daemon::notify(false, pairs.iter()) {
        tracing::debug!(%error, "the service manager does not listen");
    }
}

#[cfg(not(feature = "libsystemd"))]
fn send(lines: &[&str]) {
    let states: Vec<sd_notify::NotifyState<'_>> = lines
        .iter()
        .map(|line| sd_notify::NotifyState::Custom(line))
        .collect();
    if let Err(error) = sd_notify::notify(&states) {
        tracing::debug!(%error, "the service manager does not listen");
    }
}
