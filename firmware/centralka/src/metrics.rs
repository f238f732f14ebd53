//! The exchange's figures as Prometheus text.

use core::fmt::Write as _;

use engine::{EngineStatus, Watcher};
use pbx::{Counters, Figures};
use store::WriterStats;

/// All figures; those of the control thread are missing when it does not answer.
pub(crate) fn text(
    exchange: Option<(Figures, Counters)>,
    writer: &WriterStats,
    media: &Watcher,
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
    of_media(&mut out, media);
    out
}

fn of_media(out: &mut String, media: &Watcher) {
    for (name, value) in media.status().figures() {
        if name.ends_with("_max") {
            gauge(out, &format!("media_{name}"), value);
        } else {
            counter(out, &format!("media_{name}"), value);
        }
    }
    let threads = media.threads();
    by_thread(out, "load_permille", "gauge", &threads, |one| {
        one.load_permille
    });
    by_thread(out, "overload_level", "gauge", &threads, |one| one.level);
    by_thread(out, "legs", "gauge", &threads, |one| one.legs);
    by_thread(out, "overruns_total", "counter", &threads, |one| {
        one.overruns
    });
    by_thread(out, "ticks_total", "counter", &threads, |one| one.ticks);
}

/// A figure of every media thread.
fn by_thread(
    out: &mut String,
    name: &str,
    kind: &str,
    threads: &[EngineStatus],
    figure: impl Fn(&EngineStatus) -> u64,
) {
    // Writing into a String cannot fail.
    let _ = writeln!(out, "# TYPE centralka_media_thread_{name} {kind}");
    for (at, status) in threads.iter().enumerate() {
        let value = figure(status);
        let _ = writeln!(
            out,
            "centralka_media_thread_{name}{{thread=\"{at}\"}} {value}"
        );
    }
}

fn of_exchange(out: &mut String, figures: &Figures, counters: &Counters) {
    let gauges = [
        ("calls", figures.calls),
        ("sip_legs", figures.sip_legs),
        ("sets_busy", figures.sets_busy),
        ("lines_busy", figures.lines_busy),
        ("lines_dead", figures.lines_dead),
        ("lifelines_stuck", figures.lifelines_stuck),
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
