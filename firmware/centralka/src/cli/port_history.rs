//! `centralka doctor port PORT history`: what the exchange kept of an analog port.

use std::path::Path;

use anyhow::{Result, bail};
use config::Config;
use model::{Between, HangUps, KeptSample, LineSpread, Wall};

use store::explain;

use super::call::{config_of, local_time};
use super::port_figures::hang_up_counts;
use crate::serve;

#[expect(
    clippy::print_stdout,
    reason = "the command line answers on standard output"
)]
pub(super) fn run(data: &Path, port: &str, limit: u16, json: bool) -> Result<()> {
    let reader = serve::reader(data)?;
    let config = config_of(&reader)?;
    let rows = usize::from(limit);
    let mut kept = reader.line_samples(port, rows + 1, Wall(i64::MAX))?;
    let older = kept.len() > rows;
    kept.truncate(rows);
    if kept.is_empty() && !config.as_ref().is_some_and(|config| has(config, port)) {
        bail!("nothing is kept of {port}, and the configuration has no set and no line on it");
    }
    if json {
        let all: Result<Vec<_>> = kept.iter().map(in_json).collect();
        println!("{}", serde_json::to_string_pretty(&all?)?);
        return Ok(());
    }
    let zone = config
        .as_ref()
        .map(|config| config.office.timezone.as_str());
    print!("{}", in_words(port, &kept, &|wall| local_time(zone, wall)));
    if older {
        println!("… and older ones: --limit");
    }
    Ok(())
}

fn in_words(port: &str, kept: &[KeptSample], time: &dyn Fn(Wall) -> String) -> String {
    if kept.is_empty() {
        return format!(
            "nothing is kept of {port} yet: the exchange looks once a minute while it runs\n"
        );
    }
    table(kept, time)
}

fn has(config: &Config, port: &str) -> bool {
    config.analog_on(port).is_some() || config.line_on(port).is_some()
}

fn in_json(kept: &KeptSample) -> Result<serde_json::Value> {
    let mut value = serde_json::to_value(kept.sample)?;
    if let Some(fields) = value.as_object_mut() {
        fields.insert("spread".into(), serde_json::to_value(kept.spread)?);
    }
    Ok(value)
}

/// Headings, and what stands below them.
type Column = (&'static str, fn(&KeptSample, &LineSpread) -> String);

/// All figures in their units; an hour has between which values they moved.
const COLUMNS: [Column; 15] = [
    ("over", |kept, _| {
        kept.spread.map(|_| "1 h".into()).unwrap_or_default()
    }),
    ("V", |kept, spread| whole(kept.sample.volts, spread.volts)),
    ("mA", |kept, spread| {
        tenths(kept.sample.loop_tenth_ma, spread.loop_tenth_ma)
    }),
    ("ring V", |kept, spread| {
        whole(kept.sample.ring_vrms, spread.ring_vrms)
    }),
    ("ring Hz", |kept, spread| {
        tenths(kept.sample.ring_tenth_hz, spread.ring_tenth_hz)
    }),
    ("foreign V", |kept, spread| {
        whole(kept.sample.foreign_volts, spread.foreign_volts)
    }),
    ("°C", |kept, spread| {
        whole(kept.sample.celsius, spread.celsius)
    }),
    ("from dBm0", |kept, spread| {
        whole(kept.sample.rx_dbm0, spread.rx_dbm0)
    }),
    ("to dBm0", |kept, spread| {
        whole(kept.sample.tx_dbm0, spread.tx_dbm0)
    }),
    ("noise dBm0", |kept, spread| {
        whole(kept.sample.noise_dbm0, spread.noise_dbm0)
    }),
    ("caller ID dBm0", |kept, spread| {
        whole(kept.sample.caller_dbm0, spread.caller_dbm0)
    }),
    ("echo dB", |kept, spread| {
        tenths(kept.sample.erl_db10, spread.erl_db10)
    }),
    ("canceller dB", |kept, spread| {
        tenths(kept.sample.erle_db10, spread.erle_db10)
    }),
    ("hang-ups", |kept, _| hang_ups(&kept.sample.hang_ups)),
    ("wrong", |kept, _| flaws(kept)),
];

/// A table, a sample a line in the order given; figures that no sample has are left out.
fn table(kept: &[KeptSample], time: &dyn Fn(Wall) -> String) -> String {
    let none = LineSpread::default();
    let mut rows = vec![vec!["time".to_owned()]];
    rows.extend(kept.iter().map(|one| vec![time(one.sample.at)]));
    for (heading, cell) in COLUMNS {
        let cells = kept
            .iter()
            .map(|one| cell(one, one.spread.as_ref().unwrap_or(&none)));
        let cells: Vec<String> = cells.collect();
        if cells.iter().any(|cell| !cell.is_empty()) {
            let cells = std::iter::once(heading.to_owned()).chain(cells);
            for (row, cell) in rows.iter_mut().zip(cells) {
                row.push(cell);
            }
        }
    }
    explain::columns(&rows)
}

fn whole<T: Into<i32>>(mean: Option<T>, between: Between<T>) -> String {
    figure(mean, between, |value| value.to_string())
}

fn tenths<T: Into<i32>>(mean: Option<T>, between: Between<T>) -> String {
    figure(mean, between, |value| {
        format!("{:.1}", f64::from(value) / 10.0)
    })
}

fn figure<T: Into<i32>>(
    mean: Option<T>,
    between: Between<T>,
    shown: impl Fn(i32) -> String,
) -> String {
    match (mean, between) {
        (None, _) => String::new(),
        (Some(mean), None) => shown(mean.into()),
        (Some(_), Some((low, high))) => format!("{}…{}", shown(low.into()), shown(high.into())),
    }
}

fn hang_ups(ends: &HangUps) -> String {
    let all = hang_up_counts(ends).into_iter();
    let some = all.filter(|(_, count)| *count > 0);
    let some = some.map(|(name, count)| format!("{name} {count}"));
    some.collect::<Vec<_>>().join(", ")
}

fn flaws(kept: &KeptSample) -> String {
    let sample = &kept.sample;
    let all = [
        (sample.dead, "dead"),
        (sample.in_use, "parallel set"),
        (sample.out_of_service, "out of service"),
        (sample.left_off_hook, "left off hook"),
    ];
    let some = all.iter().filter(|(is, _)| *is).map(|(_, name)| *name);
    some.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use model::LineSample;

    use super::*;

    #[test]
    fn a_minute_has_its_figures_and_an_hour_between_which_they_moved() {
        let ends = HangUps {
            tone: 2,
            false_ones: 1,
            ..HangUps::default()
        };
        let minute = LineSample {
            at: Wall::from_secs(1_790_003_600),
            volts: Some(-48),
            loop_tenth_ma: Some(236),
            hang_ups: ends,
            ..LineSample::default()
        };
        let hour = LineSample {
            at: Wall::from_secs(1_790_000_000),
            volts: Some(-40),
            dead: true,
            ..LineSample::default()
        };
        let spread = LineSpread {
            volts: Some((-49, 120)),
            ..LineSpread::default()
        };
        let kept = [
            KeptSample {
                sample: minute,
                spread: None,
            },
            KeptSample {
                sample: hour,
                spread: Some(spread),
            },
        ];
        let time = |wall| local_time(Some("Europe/Warsaw"), wall);
        let said = in_words("fxo1", &kept, &time);
        let wanted = [
            "time                 over  V        mA    hang-ups         wrong",
            "2026-09-21 17:13:20        -48      23.6  tone 2, false 1",
            "2026-09-21 16:13:20  1 h   -49…120                         dead",
        ];
        assert_eq!(said.lines().collect::<Vec<_>>(), wanted);
        let nothing = in_words("fxo1", &[], &time);
        assert!(
            nothing.starts_with("nothing is kept of fxo1 yet"),
            "{nothing}"
        );
        let told = in_json(&kept[1]).unwrap();
        assert_eq!(told["volts"], -40);
        assert_eq!(told["spread"]["volts"], serde_json::json!([-49, 120]));
    }
}
