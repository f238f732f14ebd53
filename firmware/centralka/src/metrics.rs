//! The exchange's figures as Prometheus text.

use core::fmt::Write as _;

use engine::EngineStatus;
use pbx::{Counters, Figures};
use store::WriterStats;

/// All figures; those of the control thread are missing when it does not answer.
pub(crate) fn text(
    exchange: Option<(Figures, Counters)>,
    writer: &WriterStats,
    media: &EngineStatus,
) -> String {
    let mut out = String::new();
    gauge(&mut out, "up", u64::from(exchange.is_some()));
    if let Some((figures, counters)) = exchange {
        of_exchange(&mut out, &figures, &counters);
    }
    counter(&mut out, "store_commits", writer.commits);
    counter(&mut out, "store_records", writer.records);
    counter(&mut out, "store_commit_errors", writer.commit_errors);
    counter(&mut out, "store_refused", writer.refused);
    counter(&mut out, "store_commit_us", writer.commit_us);
    gauge(&mut out, "store_commit_us_max", writer.commit_us_max);
    gauge(&mut out, "store_waiting", writer.waiting);
    counter(
        &mut out,
        "journal_dropped_bytes",
        writer.journal_dropped_bytes,
    );
    for (name, value) in media.figures() {
        counter(&mut out, &format!("media_{name}"), value);
    }
    out
}

fn of_exchange(out: &mut String, figures: &Figures, counters: &Counters) {
    let gauges = [
        ("calls", figures.calls),
        ("sip_legs", figures.sip_legs),
        ("sets_busy", figures.sets_busy),
        ("lines_busy", figures.lines_busy),
        ("lines_dead", figures.lines_dead),
        ("media_legs", figures.media_legs),
        ("bridges", figures.bridges),
        ("port_pairs_ready", figures.pairs_ready),
        ("sip_transactions", figures.transactions),
        ("sip_usages", figures.usages),
        ("registrations", figures.bindings),
        ("sip_connections", figures.flows),
    ];
    for (name, value) in gauges {
        gauge(out, name, value as u64);
    }
    let counted = [
        ("sip_garbage", counters.sip_garbage),
        ("sip_lenient", counters.sip_lenient),
        ("auth_wrong", counters.auth_wrong),
        ("auth_replayed", counters.auth_replayed),
        ("refused_no_media_ports", counters.no_media_ports),
        ("refused_connections", counters.flows_refused),
        ("refused_registrations", counters.bindings_refused),
        ("refused_too_many_calls", counters.too_many_calls),
        ("refused_media_overloaded", counters.media_overloaded),
        ("answers_before_durable", counters.durable_late),
        ("media_legs_unprotected", counters.security_failed),
        ("media_legs_silent", counters.media_silent),
        ("clips_failed", counters.clips_failed),
        ("line_hang_ups", counters.line_hang_ups),
        ("false_hang_ups", counters.false_hang_ups),
    ];
    for (name, value) in counted {
        counter(out, name, value);
    }
}

fn gauge(out: &mut String, name: &str, value: u64) {
    line(out, name, "gauge", value);
}

fn counter(out: &mut String, name: &str, value: u64) {
    line(out, &format!("{name}_total"), "counter", value);
}

fn line(out: &mut String, name: &str, kind: &str, value: u64) {
    // Writing into a String cannot fail.
    let _ = writeln!(
        out,
        "# TYPE centralka_{name} {kind}\ncentralka_{name} {value}"
    );
}
