//! A figure: what was measured, what it should be, and whether it is.

use core::fmt;

use serde_json::{Map, Value, json};

/// What a figure should be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Target {
    /// At most this.
    Most(f64),
    /// Less than this.
    Below(f64),
    /// Exactly this.
    Is(f64),
    /// At least this.
    Least(f64),
}

impl Target {
    fn holds(self, value: f64) -> bool {
        match self {
            Self::Most(limit) => value <= limit,
            Self::Below(limit) => value < limit,
            Self::Is(wanted) => (value - wanted).abs() < 1e-9,
            Self::Least(limit) => value >= limit,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Most(limit) => write!(f, "≤ {limit}"),
            Self::Below(limit) => write!(f, "< {limit}"),
            Self::Is(wanted) => write!(f, "{wanted}"),
            Self::Least(limit) => write!(f, "≥ {limit}"),
        }
    }
}

/// A measured figure.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    name: &'static str,
    value: f64,
    unit: &'static str,
    target: Target,
    notes: Map<String, Value>,
}

impl Figure {
    /// A figure without notes.
    pub(crate) fn new(name: &'static str, value: f64, unit: &'static str, target: Target) -> Self {
        Self {
            name,
            value,
            unit,
            target,
            notes: Map::new(),
        }
    }

    /// Adds what tells how far to trust it.
    #[must_use]
    pub(crate) fn note(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.notes.insert(name.into(), value.into());
        self
    }

    /// Whether it is what it should be. What could not be measured is not.
    pub(crate) fn holds(&self) -> bool {
        self.value.is_finite() && self.target.holds(self.value)
    }

    /// As one line of JSON.
    pub(crate) fn json(&self) -> String {
        let mut line = json!({
            "figure": self.name,
            "value": rounded(self.value),
            "unit": self.unit,
            "target": self.target.to_string(),
            "holds": self.holds(),
        });
        if let Some(line) = line.as_object_mut() {
            line.extend(self.notes.clone());
        }
        line.to_string()
    }

    /// As one row of a table in Markdown.
    pub(crate) fn row(&self) -> String {
        let notes: Vec<String> = self
            .notes
            .iter()
            .map(|(name, value)| format!("{name} {value}").replace('"', ""))
            .collect();
        format!(
            "| {} | {} {} | {} | {} | {} |",
            self.name,
            rounded(self.value),
            self.unit,
            self.target,
            if self.holds() { "yes" } else { "**no**" },
            notes.join(", ")
        )
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.holds() { "ok  " } else { "FAIL" };
        write!(
            f,
            "{verdict} {:<28} {:>10} {:<10} ({})",
            self.name,
            rounded(self.value),
            self.unit,
            self.target
        )?;
        for (name, value) in &self.notes {
            write!(f, "  {name}={value}")?;
        }
        Ok(())
    }
}

/// Three places after the point say all a bench knows.
pub(crate) fn rounded(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

/// The value `part` of the way up a sorted list; not a number if it is empty.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place in a list, and a delay far below 2^53 ns"
)]
pub(crate) fn percentile(sorted: &[u64], part: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    let at = (last as f64 * part).round() as usize;
    sorted.get(at).map_or(f64::NAN, |&value| value as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_that_could_not_be_measured_does_not_hold() {
        let figure = Figure::new("x", percentile(&[], 0.5), "ms", Target::Least(0.0));
        assert!(!figure.holds());
        let figure = Figure::new("x", 80.0, "µs", Target::Most(80.0)).note("seed", 7);
        assert!(figure.holds());
        let line =
            r#"{"figure":"x","holds":true,"seed":7,"target":"≤ 80","unit":"µs","value":80.0}"#;
        let read: Value = serde_json::from_str(&figure.json()).expect("JSON");
        assert_eq!(read, serde_json::from_str::<Value>(line).expect("JSON"));
    }

    #[test]
    fn percentiles_are_of_the_sorted_list() {
        let list: Vec<u64> = (0..=100).collect();
        assert!((percentile(&list, 0.99) - 99.0).abs() < 1e-9);
    }
}
