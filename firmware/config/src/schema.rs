//! JSON Schema of the text, made from the Rust types: forms, help texts and the reference come
//! from here and nowhere else.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

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
    CodeText = "^[0-9*#]{0,12}$", "*43";
    PinText = "^[0-9]{4,12}$", "2468";
    LoginText = "^[a-z0-9._@+-]{1,64}$", "jan.kowalski";
    SipUserText = "^[A-Za-z0-9._-]{1,40}$", "kowalski-mobile";
    PortText = "^[a-z0-9_/.-]{1,40}$", "fxs1";
    SocketText = "^.+:[0-9]{1,5}$", "0.0.0.0:5060";
    SocketOrOffText = "^(off|.+:[0-9]{1,5})$", "0.0.0.0:8080";
    PortsText = "^[0-9]{4,5} ?- ?[0-9]{4,5}$", "20000-29999";
    SubnetText = "^[0-9a-fA-F.:]+(/[0-9]{1,3})?$", "192.168.0.0/16";
    HoursText = "^(mon|tue|wed|thu|fri|sat|sun)(-(mon|tue|wed|thu|fri|sat|sun))? +[0-2][0-9]:[0-5][0-9]-[0-2][0-9]:[0-5][0-9]$", "mon-fri 09:00-17:00";
    DateText = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "2026-12-25";
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
