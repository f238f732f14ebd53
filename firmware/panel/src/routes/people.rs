//! People: who there is, adding one, and the card for the phone.

use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
};

use crate::{
    answer::Failure,
    api::{NewPerson, Person, PersonAdded, PhoneCard, Problem, Role, WebAccess},
    card,
    desk::Desk,
    guard::{Administrator, Insider, Wish, host_name},
    routes::session::{check_login, check_password},
};

/// Longest name in characters.
const NAME_CHARS_MAX: usize = 80;
/// Digits of an extension.
const EXTENSION_DIGITS: core::ops::RangeInclusive<usize> = 2..=8;

/// Everybody, by extension.
#[utoipa::path(get, path = "/api/v1/people", tag = "people",
    responses((status = 200, body = Vec<Person>), (status = 401, body = Problem)))]
pub(crate) async fn list(State(desk): State<Desk>, _insider: Insider) -> Json<Vec<Person>> {
    Json(desk.exchange.people())
}

/// Adds a person with a generated SIP password.
#[utoipa::path(post, path = "/api/v1/people", tag = "people", request_body = NewPerson,
    responses(
        (status = 201, body = PersonAdded),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 409, body = Problem),
        (status = 422, body = Problem, description = "for example extension_taken"),
    ))]
pub(crate) async fn add(
    State(desk): State<Desk>,
    administrator: Administrator,
    headers: HeaderMap,
    Wish(wish): Wish<NewPerson>,
) -> Result<(StatusCode, Json<PersonAdded>), Failure> {
    let wish = NewPerson {
        name: clean_name(&wish.name)?,
        extension: clean_extension(&wish.extension)?,
        role: wish.role,
    };
    if wish.role == Role::External {
        return Err(Failure::field(
            "role",
            "role_without_phone",
            "An external person has no phone. Choose another role.",
        ));
    }
    let (author, host) = (administrator.author(), host_name(&headers));
    let added = desk
        .ask(move |desk| {
            let (person, version) = desk.exchange.add_person(&author, wish)?;
            let account = desk.exchange.phone_account(&person.id, &host)?;
            Ok::<_, crate::Refusal>(PersonAdded {
                card: card::of(&account),
                person,
                version,
            })
        })
        .await?;
    Ok((StatusCode::CREATED, Json(added)))
}

/// What to type into the person's phone; shows the SIP password.
#[utoipa::path(get, path = "/api/v1/people/{id}/card", tag = "people",
    params(("id" = String, Path, description = "The person's id")),
    responses(
        (status = 200, body = PhoneCard),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
    ))]
pub(crate) async fn card(
    State(desk): State<Desk>,
    _administrator: Administrator,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<PhoneCard>, Failure> {
    let host = host_name(&headers);
    let account = desk
        .ask(move |desk| desk.exchange.phone_account(&id, &host))
        .await?;
    Ok(Json(card::of(&account)))
}

/// Lets a person sign in with this login and password. The person's sessions end.
#[utoipa::path(put, path = "/api/v1/people/{id}/web-access", tag = "people",
    request_body = WebAccess,
    params(("id" = String, Path, description = "The person's id")),
    responses(
        (status = 204),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 409, body = Problem, description = "own_password"),
        (status = 422, body = Problem, description = "for example login_taken"),
    ))]
pub(crate) async fn web_access(
    State(desk): State<Desk>,
    administrator: Administrator,
    Path(id): Path<String>,
    Wish(wish): Wish<WebAccess>,
) -> Result<StatusCode, Failure> {
    let person = desk.person(&id).filter(|person| !person.analog);
    let person = person.ok_or_else(|| Failure::missing("person"))?;
    if person.id == administrator.0.id {
        return Err(Failure::new(
            StatusCode::CONFLICT,
            "own_password",
            "This is you. Change your own password with the present one.",
        ));
    }
    let login = check_login(&wish.login)?;
    check_password("password", &wish.password, &login)?;
    let (author, of) = (administrator.author(), id.clone());
    desk.ask(move |desk| desk.exchange.give_login(&author, &of, &login))
        .await?;
    desk.set_password(id.clone(), wish.password).await?;
    desk.ask(move |desk| desk.sessions.close_all(&id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The name without blanks around it.
pub(crate) fn clean_name(name: &str) -> Result<String, Failure> {
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    let length = name.chars().count();
    if !(1..=NAME_CHARS_MAX).contains(&length) || name.chars().any(char::is_control) {
        return Err(Failure::field(
            "name",
            "name_length",
            "A name has 1 to 80 characters. Type the name as it should show on phones.",
        ));
    }
    Ok(name)
}

fn clean_extension(extension: &str) -> Result<String, Failure> {
    let extension = extension.trim();
    let digits = extension.bytes().all(|b| b.is_ascii_digit());
    if !digits || !EXTENSION_DIGITS.contains(&extension.len()) {
        return Err(Failure::field(
            "extension",
            "extension_form",
            "An extension has 2 to 8 digits. Choose one that is free.",
        ));
    }
    Ok(extension.into())
}
