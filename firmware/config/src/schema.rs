//! JSON Schema of the text, made from the Rust types: forms, help texts and the reference come
//! from here and nowhere else.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use serde_json::Value;

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident = $pattern:literal, $example:literal;)*) => {$(
        $(#[$doc])*
        pub(crate) struct $name;

        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": $pattern, "examples": [$example] })
            }
        }
    )*};
}

texts! {
    IdText = "^[a-z0-9_-]{1,40}$", "person-k3v9";
    ExtensionText = "^[0-9]{1,12}$", "2005";
    E164Text = "^\\+[1-9][0-9]{2,14}$", "+48221234567";
    DialledText = "^[0-9*#]{1,32}$|^\\+[0-9*#]{1,31}$", "2005";
    CodeText = "^[0-9*#]{0,12}$", "*50";
    PinText = "^[0-9]{4,12}$", "2468";
    SoundText = "^[0-9a-f]{64}$", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    LoginText = "^[a-z0-9._@+-]{1,64}$", "jan.kowalski";
    SipUserText = "^[A-Za-z0-9._-]{1,40}$", "kowalski-mobile";
    LinePortText = "^fxo[a-z0-9_/.-]{0,37}$", "fxo1";
    OnwardText = "^[0-9]{3,24}$", "0601234567";
    InCallCodeText = "^([*#][0-9*#]{1,11})?$", "*0";
    DialFirstText = "^[0-9*#,]{0,16}$", "0,";
    PortText = "^[a-z0-9_/.-]{1,40}$", "fxs1";
    CodecText = "^(opus|g722|pcma|pcmu)$", "opus";
    SocketText = "^.+:[0-9]{1,5}$", "0.0.0.0:5060";
    SocketOrOffText = "^(off|.+:[0-9]{1,5})$", "0.0.0.0:8080";
    PortsText = "^[0-9]{4,5} ?- ?[0-9]{4,5}$", "20000-29999";
    SubnetText = "^[0-9a-fA-F.:]+(/[0-9]{1,3})?$", "192.168.0.0/16";
    HoursText = "^(mon|tue|wed|thu|fri|sat|sun)(-(mon|tue|wed|thu|fri|sat|sun))? +[0-2][0-9]:[0-5][0-9]-[0-2][0-9]:[0-5][0-9]$", "mon-fri 09:00-17:00";
    DateText = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "2026-12-25";
}

/// A language of the people: of prompts, mails, explanations and the panel's first page.
#[derive(JsonSchema)]
#[schemars(rename = "Language", rename_all = "lowercase")]
#[expect(
    dead_code,
    reason = "the form of `model::Language` in the schema, never a value"
)]
pub(crate) enum LanguageText {
    /// English.
    En,
    /// Polish.
    Pl,
    /// Czech.
    Cs,
    /// Russian.
    Ru,
}

/// A country of the list.
pub(crate) struct CountryText;

impl JsonSchema for CountryText {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Country".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let codes: Vec<_> = crate::country::CountryCode::all()
            .map(|code| code.as_str())
            .collect();
        json_schema!({ "type": "string", "enum": codes })
    }
}

/// A password, or a reference to one.
pub(crate) struct SecretText;

impl JsonSchema for SecretText {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Secret".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let id = IdText::json_schema(generator);
        json_schema!({
            "oneOf": [
                { "type": "string", "minLength": crate::format::PASSWORD_LEN_MIN, "maxLength": crate::format::PASSWORD_LEN_MAX, "writeOnly": true },
                { "type": "object", "properties": { "secret": id }, "required": ["secret"], "additionalProperties": false }
            ]
        })
    }
}

/// The schema of the text as JSON Schema 2020-12: types, defaults, ranges, and the help texts as
/// descriptions.
///
/// # Panics
/// Never: a schema is plain JSON.
#[must_use]
pub fn schema() -> Value {
    let mut value = schemars::schema_for!(crate::Config).to_value();
    tidy(&mut value);
    value
}

/// TOML has no null: what may be left out is not required, and that is all.
fn tidy(value: &mut Value) {
    match value {
        Value::Object(map) => {
            if let Some(Value::Array(types)) = map.get_mut("type") {
                types.retain(|t| t != "null");
                if let [one] = &types[..] {
                    let one = one.clone();
                    map.insert("type".into(), one);
                }
            }
            for list in ["anyOf", "oneOf"] {
                let Some(Value::Array(members)) = map.get_mut(list) else {
                    continue;
                };
                members.retain(|m| m.get("type").is_none_or(|t| t != "null"));
                if let [Value::Object(one)] = &members[..] {
                    let one = one.clone();
                    map.remove(list);
                    for (key, value) in one {
                        map.entry(key).or_insert(value);
                    }
                }
            }
            if let Some(Value::String(help)) = map.get_mut("description") {
                // A doc comment's line ends are the source's, not the reader's.
                *help = help
                    .split("\n\n")
                    .map(|p| p.replace('\n', " "))
                    .collect::<Vec<_>>()
                    .join("\n\n");
            }
            if map.get("default") == Some(&Value::Null) {
                map.remove("default");
            }
            map.values_mut().for_each(tidy);
        }
        Value::Array(list) => list.iter_mut().for_each(tidy),
        _ => {}
    }
}

/// What kind of value a key takes: which control a form shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ValueKind {
    /// A text.
    Text,
    /// A whole number.
    Whole,
    /// Yes or no.
    Flag,
    /// A list of texts.
    List,
    /// One of [`KeyHelp::choices`].
    Choice,
    /// A password; never shown again once saved.
    Secret,
}

/// What the reference says of one key.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct KeyHelp {
    /// Path like `network.rtp_ports` or, in entries, `person[].extension`.
    pub key: String,
    /// What kind of value it takes.
    pub kind: ValueKind,
    /// Form of a text, or of each member of a list, as a regular expression.
    pub pattern: Option<String>,
    /// A text of that form.
    pub example: Option<String>,
    /// What it means.
    pub help: String,
    /// The default as JSON; none where the key must be given or where the help says what applies.
    pub default: Option<Value>,
    /// Unit of a number, from the key's name.
    pub unit: Option<&'static str>,
    /// Least value of a number, or fewest characters of a text.
    pub min: Option<i64>,
    /// Largest value of a number, or most characters of a text.
    pub max: Option<i64>,
    /// The words it may be, if it is one of a list.
    pub choices: Vec<String>,
    /// Whether the text is wrong without it (in its entry, or at all).
    pub required: bool,
}

/// Every key with its help, in the order of the types.
#[must_use]
pub fn reference() -> Vec<KeyHelp> {
    let schema = schema();
    let mut out = Vec::new();
    walk(&schema, &schema, "", &mut out);
    out
}

fn walk(root: &Value, object: &Value, path: &str, out: &mut Vec<KeyHelp>) {
    let Some(Value::Object(properties)) = object.get("properties") else {
        return;
    };
    let required = |key: &str| {
        let list = object.get("required").and_then(Value::as_array);
        list.is_some_and(|list| list.iter().any(|r| r == key))
    };
    for (key, property) in properties {
        let at = if path.is_empty() {
            key.clone()
        } else {
            format!("{path}.{key}")
        };
        let target = resolve(root, property);
        let items = target.get("items").map(|items| resolve(root, items));
        if target.get("properties").is_some() {
            walk(root, target, &at, out);
        } else if let Some(items) = items.filter(|items| items.get("properties").is_some()) {
            walk(root, items, &format!("{at}[]"), out);
        } else {
            out.push(help(at, property, target, required(key)));
        }
    }
}

fn help(key: String, property: &Value, target: &Value, required: bool) -> KeyHelp {
    let number = |names: [&str; 3]| {
        let found = names
            .iter()
            .find_map(|name| property.get(name).or_else(|| target.get(name)));
        found.and_then(Value::as_i64)
    };
    let text = |value: &Value| {
        value
            .get("description")
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    let form = target.get("items").unwrap_or(target);
    let word = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let unit = [("_s", "s"), ("_ms", "ms"), ("_min_s", "s"), ("_max_s", "s")];
    KeyHelp {
        kind: kind(target),
        pattern: word(form.get("pattern")),
        example: word(form.pointer("/examples/0")),
        help: text(property).or_else(|| text(target)).unwrap_or_default(),
        default: property.get("default").cloned(),
        unit: unit
            .iter()
            .find(|(end, _)| key.ends_with(end))
            .map(|(_, unit)| *unit),
        min: number(["minimum", "minLength", "minItems"]),
        max: number(["maximum", "maxLength", "maxItems"]),
        choices: choices(target),
        required,
        key,
    }
}

fn kind(target: &Value) -> ValueKind {
    match target.get("type").and_then(Value::as_str) {
        _ if !choices(target).is_empty() => ValueKind::Choice,
        Some("integer") => ValueKind::Whole,
        Some("boolean") => ValueKind::Flag,
        Some("array") => ValueKind::List,
        Some(_) => ValueKind::Text,
        // Only a password is one of two things.
        None => ValueKind::Secret,
    }
}

/// Words of an `enum`, or of a `oneOf` of constants, which is how documented variants come.
fn choices(target: &Value) -> Vec<String> {
    let word = |value: &Value| value.as_str().map(str::to_owned);
    if let Some(Value::Array(words)) = target.get("enum") {
        return words.iter().filter_map(word).collect();
    }
    let Some(Value::Array(members)) = target.get("oneOf") else {
        return Vec::new();
    };
    members
        .iter()
        .filter_map(|member| member.get("const").and_then(word))
        .collect()
}

/// The schema behind a `$ref`.
fn resolve<'s>(root: &'s Value, value: &'s Value) -> &'s Value {
    let target = value.get("$ref").and_then(Value::as_str);
    let pointer = target.and_then(|target| target.strip_prefix('#'));
    pointer
        .and_then(|pointer| root.pointer(pointer))
        .unwrap_or(value)
}
