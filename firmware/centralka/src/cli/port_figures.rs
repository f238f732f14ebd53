//! What is known and measured of an analog port now, in words.

use model::{HangUps, LifelineVerdict, LineBalance, LineHealth, LineLifeline, ToneSignature};
use store::explain;

use crate::doctor;

/// A port in words, a line a fact.
pub(super) fn in_words(health: &LineHealth) -> String {
    let now = &health.now;
    let entry = health.entry.as_ref().map(ToString::to_string);
    let mut lines = vec![format!(
        "{} ({})  {}",
        health.port,
        entry.unwrap_or_else(|| "not configured".into()),
        health.state
    )];
    let found = flaws(health).into_iter();
    lines.extend(found.map(|what| format!("  wrong      {what}")));
    if let Some(volts) = now.volts {
        lines.push(format!("  voltage    {volts} V"));
    }
    if let Some(volts) = now.foreign_volts.filter(|&volts| volts != 0) {
        lines.push(format!(
            "  wrong      {volts} V on the line that are not its own"
        ));
    }
    if let Some(tenths) = now.loop_tenth_ma {
        lines.push(format!("  current    {:.1} mA", f64::from(tenths) / 10.0));
    }
    if let (Some(volts), Some(tenths)) = (now.ring_vrms, now.ring_tenth_hz) {
        let hz = f64::from(tenths) / 10.0;
        lines.push(format!("  ringing    {volts} V of {hz:.1} Hz"));
    }
    if let (Some(rx), Some(tx), Some(noise)) = (now.rx_dbm0, now.tx_dbm0, now.noise_dbm0) {
        lines.push(format!(
            "  sound      from the line {rx} dBm0, to it {tx} dBm0, noise {noise} dBm0"
        ));
    }
    if let Some(level) = now.caller_dbm0 {
        lines.push(format!("  caller ID  {level} dBm0"));
    }
    if let Some(loss) = now.erl_db10 {
        let loss = f64::from(loss) / 10.0;
        let more = now.erle_db10.map(|more| f64::from(more) / 10.0);
        let more = more.map(|more| format!("; the canceller takes off {more:.1} dB"));
        let more = more.unwrap_or_default();
        lines.push(format!("  echo       {loss:.1} dB weaker{more}"));
    }
    if let Some(celsius) = now.celsius {
        lines.push(format!("  chip       {celsius} °C"));
    }
    if health.messages > 0 {
        lines.push(format!("  messages   {} wait", health.messages));
    }
    // Whoever hangs up a set is seen by its loop, which needs no guess.
    if !health.set {
        lines.push(hang_ups_in_words(&now.hang_ups));
    }
    lines.extend(health.learned.iter().map(tone_in_words));
    if let Some(balance) = &health.balance {
        lines.extend(balance_in_words(balance));
    }
    if let Some(lifeline) = &health.lifeline {
        lines.push(lifeline_in_words(lifeline));
    }
    lines.join("\n")
}

fn flaws(health: &LineHealth) -> Vec<String> {
    let now = &health.now;
    let flaws = [
        (now.dead, "the line is dead"),
        (now.in_use, "a parallel set is on the line"),
        (now.left_off_hook, "the set is left off hook"),
    ];
    let found = flaws.iter().filter(|(is, _)| *is);
    let mut found: Vec<String> = found.map(|(_, what)| (*what).to_owned()).collect();
    if now.out_of_service {
        let why = health.fault.as_ref().map(|why| format!(": {why}"));
        let why = why.unwrap_or_default();
        found.push(format!("the port does not work{why}"));
    }
    found
}

/// The counts of hang-ups by their names.
pub(super) const fn hang_up_counts(ends: &HangUps) -> [(&'static str, u32); 6] {
    [
        ("loop break", ends.loop_break),
        ("reversal", ends.reversal),
        ("tone", ends.tone),
        ("dial tone", ends.dial_tone),
        ("silence", ends.silence),
        ("false", ends.false_ones),
    ]
}

fn hang_ups_in_words(ends: &HangUps) -> String {
    let all = hang_up_counts(ends).map(|(name, count)| format!("{name} {count}"));
    format!("  hang-ups   {}", all.join(", "))
}

fn balance_in_words(balance: &LineBalance) -> Vec<String> {
    let (at, tried) = (explain::utc(balance.at), explain::utc(balance.tried));
    let mut lines = vec![match balance.best {
        Some(_) if balance.at == balance.tried => format!("  balance    searched {at}"),
        Some(_) => format!("  balance    searched {at}; in vain {tried}"),
        None => format!("  balance    searched in vain {tried}"),
    }];
    for (place, loss) in balance.erl_db10.iter().enumerate() {
        let Some(loss) = loss else { continue };
        let used = if balance.best.map(usize::from) == Some(place) {
            "  in use"
        } else {
            ""
        };
        let (name, loss) = (doctor::impedance(place), f64::from(*loss) / 10.0);
        lines.push(format!("    {name:<24}{loss:>5.1} dB{used}"));
    }
    lines
}

fn lifeline_in_words(lifeline: &LineLifeline) -> String {
    let set = &lifeline.set;
    let Some(test) = &lifeline.test else {
        return format!("  lifeline   of {set}: not tested yet");
    };
    let at = explain::utc(test.at);
    let worked = test.worked.filter(|_| test.verdict.is_stuck());
    let worked = worked.map(|worked| format!("; it worked {}", explain::utc(worked)));
    let worked = worked.unwrap_or_default();
    match test.verdict {
        LifelineVerdict::Works => format!("  lifeline   of {set}: works, tested {at}"),
        LifelineVerdict::StaysOff => {
            format!("  wrong      without power {set} would be dead, tested {at}{worked}")
        }
        LifelineVerdict::StaysOn => {
            format!("  wrong      {set} stays on the line, tested {at}{worked}")
        }
        LifelineVerdict::Unseen => {
            format!(
                "  lifeline   of {set}: cannot be told, tested {at}; look at the set without power"
            )
        }
    }
}

fn tone_in_words(tone: &ToneSignature) -> String {
    let some = |values: &[u16], between: &str| {
        let some = values.iter().filter(|value| **value > 0);
        some.map(u16::to_string).collect::<Vec<_>>().join(between)
    };
    format!(
        "  learned    {} Hz, {} ms",
        some(&tone.hz, " + "),
        some(&tone.cadence_ms, "/")
    )
}

#[cfg(test)]
mod tests {
    use model::LineSample;

    use super::*;

    #[test]
    fn a_set_tells_what_is_wrong_with_it_and_nothing_of_hang_ups() {
        let mut set = LineHealth {
            port: "fxs1".into(),
            set: true,
            entry: model::EntryId::new("reception").ok(),
            state: "locked".into(),
            fault: Some("overload".into()),
            caller: None,
            now: LineSample {
                volts: Some(-9),
                loop_tenth_ma: Some(236),
                foreign_volts: Some(120),
                celsius: Some(41),
                left_off_hook: true,
                out_of_service: true,
                ..LineSample::default()
            },
            learned: Vec::new(),
            messages: 2,
            can_balance: false,
            balance: None,
            lifeline: None,
        };
        let said = in_words(&set);
        let wanted = [
            "fxs1 (reception)  locked",
            "  wrong      the set is left off hook",
            "  wrong      the port does not work: overload",
            "  voltage    -9 V",
            "  wrong      120 V on the line that are not its own",
            "  current    23.6 mA",
            "  chip       41 °C",
            "  messages   2 wait",
        ];
        assert_eq!(said.lines().collect::<Vec<_>>(), wanted);
        set.set = false;
        assert!(in_words(&set).contains("  hang-ups   loop break 0"));
    }
}
