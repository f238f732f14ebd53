//! Claiming the box, signing in and out.

use std::time::Duration;

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{AppendHeaders, IntoResponse, Response},
};

use crate::{
    answer::Failure,
    api::{Claim, Login, PasswordChange, Person, Problem, Session, SignedIn},
    desk::{Desk, Figures},
    exchange::FirstAdministrator,
    guard::{Insider, Peer, Resident, Wish},
    password::{PASSWORD_BYTES_MAX, PASSWORD_CHARS_MIN, is_code},
};

/// Longest login in characters.
const LOGIN_CHARS_MAX: usize = 40;
/// The account name under which wrong claim codes are counted; no login has a space.
const CLAIM_ACCOUNT: &str = " claim";

/// Who is signed in, and what a stranger must know to sign in.
#[utoipa::path(get, path = "/api/v1/session", tag = "session",
    responses((status = 200, body = Session)))]
pub(crate) async fn session(
    State(desk): State<Desk>,
    insider: Result<Insider, Failure>,
) -> Result<Json<Session>, Failure> {
    let person = insider.ok().map(|insider| insider.person);
    state(&desk, person).await.map(Json)
}

/// Makes an administrator with the one-time code, and signs in.
#[utoipa::path(post, path = "/api/v1/claim", tag = "session", request_body = Claim,
    responses(
        (status = 200, body = Session),
        (status = 401, body = Problem, description = "wrong_code"),
        (status = 409, body = Problem, description = "already_claimed"),
        (status = 422, body = Problem),
        (status = 429, body = Problem, description = "slow_down"),
    ))]
pub(crate) async fn claim(
    State(desk): State<Desk>,
    peer: Peer,
    Wish(claim): Wish<Claim>,
) -> Result<Response, Failure> {
    // One at a time, so that the code works once.
    let _turn = desk.claiming.lock().await;
    wait_or_go(&desk, peer, CLAIM_ACCOUNT)?;
    let code = desk.ask(|desk| desk.vault.claim_code()).await?;
    let Some(code) = code else {
        return Err(Failure::new(
            StatusCode::CONFLICT,
            "already_claimed",
            "This exchange has an administrator already. Sign in instead.",
        ));
    };
    if !is_code(&claim.code, &code) {
        return Err(failed(
            &desk,
            peer,
            CLAIM_ACCOUNT,
            "wrong_code",
            "This is not the claim code. It was printed when the exchange first started or its button was held; see the console or the file claim-code.",
        ));
    }
    let name = crate::routes::people::clean_name(&claim.name)?;
    let login = check_login(&claim.login)?;
    check_password("password", &claim.password, &login)?;
    let wish = FirstAdministrator { name, login };
    let person = desk
        .ask(move |desk| desk.exchange.first_administrator(wish))
        .await?;
    // Nobody who can sign in loses that by a code made at the box.
    let id = person.id.clone();
    if desk
        .ask(move |desk| desk.vault.password_hash(&id))
        .await?
        .is_some()
    {
        return Err(Failure::field(
            "login",
            "login_taken",
            "Somebody signs in with this login. Choose another one; as administrator you can give them a new password.",
        ));
    }
    desk.set_password(person.id.clone(), claim.password).await?;
    desk.ask(|desk| desk.vault.claim_used()).await?;
    desk.throttle().succeeded(CLAIM_ACCOUNT, peer.address.ip());
    sign_in(&desk, peer, person).await
}

/// Signs in.
#[utoipa::path(post, path = "/api/v1/login", tag = "session", request_body = Login,
    responses(
        (status = 200, body = Session),
        (status = 401, body = Problem, description = "wrong_password"),
        (status = 429, body = Problem, description = "slow_down"),
    ))]
pub(crate) async fn login(
    State(desk): State<Desk>,
    peer: Peer,
    Wish(login): Wish<Login>,
) -> Result<Response, Failure> {
    let account: String = login.login.trim().to_lowercase();
    if account.chars().count() > LOGIN_CHARS_MAX || login.password.len() > PASSWORD_BYTES_MAX {
        return Err(wrong_password(&desk, peer, "?"));
    }
    wait_or_go(&desk, peer, &account)?;
    let person = desk.person_by_login(&account);
    let id = person.as_ref().map(|person| person.id.clone());
    let right = desk.is_password(id, login.password).await?;
    match person {
        Some(person) if right => {
            desk.throttle().succeeded(&account, peer.address.ip());
            sign_in(&desk, peer, person).await
        }
        _ => Err(wrong_password(&desk, peer, &account)),
    }
}

/// Signs out.
#[utoipa::path(post, path = "/api/v1/logout", tag = "session",
    responses((status = 204), (status = 401, body = Problem)))]
pub(crate) async fn logout(
    State(desk): State<Desk>,
    peer: Peer,
    resident: Resident,
) -> Result<Response, Failure> {
    desk.ask(move |desk| desk.sessions.close(&resident.token))
        .await?;
    let gone = AppendHeaders([peer.set_cookie("")]);
    Ok((StatusCode::NO_CONTENT, gone).into_response())
}

/// Changes one's own password and ends one's other sessions.
#[utoipa::path(post, path = "/api/v1/password", tag = "session", request_body = PasswordChange,
    responses(
        (status = 204),
        (status = 401, body = Problem, description = "wrong_password, or not_signed_in"),
        (status = 422, body = Problem),
        (status = 429, body = Problem, description = "slow_down"),
    ))]
pub(crate) async fn password(
    State(desk): State<Desk>,
    peer: Peer,
    resident: Resident,
    Wish(change): Wish<PasswordChange>,
) -> Result<StatusCode, Failure> {
    let Resident { person, token } = resident;
    wait_or_go(&desk, peer, &person.login)?;
    check_password("new", &change.new, &person.login)?;
    let long = change.current.len() > PASSWORD_BYTES_MAX;
    if long
        || !desk
            .is_password(Some(person.id.clone()), change.current)
            .await?
    {
        return Err(wrong_password(&desk, peer, &person.login));
    }
    desk.set_password(person.id.clone(), change.new).await?;
    desk.ask(move |desk| desk.sessions.close_others(&person.id, &token))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn sign_in(desk: &Desk, peer: Peer, person: Person) -> Result<Response, Failure> {
    let (now, id) = (desk.now().wall, person.id.clone());
    let token = desk.ask(move |desk| desk.sessions.open(now, &id)).await?;
    let body = state(desk, Some(person)).await?;
    Ok((AppendHeaders([peer.set_cookie(&token)]), Json(body)).into_response())
}

async fn state(desk: &Desk, person: Option<Person>) -> Result<Session, Failure> {
    let code = desk.ask(|desk| desk.vault.claim_code()).await?;
    let office = desk.exchange.office();
    let has_login = desk.ask(|desk| desk.vault.has_login()).await?;
    Ok(Session {
        claimed: code.is_none() || has_login,
        recovery: code.is_some() && has_login,
        language: office.language.clone(),
        signed_in: person.map(|person| SignedIn {
            person: person.id,
            name: person.name,
            role: person.role,
            office,
            version: desk.given.version.clone(),
        }),
    })
}

fn wait_or_go(desk: &Desk, peer: Peer, account: &str) -> Result<(), Failure> {
    let wait = desk
        .throttle()
        .wait(desk.now().mono, account, peer.address.ip());
    if wait == Duration::ZERO {
        return Ok(());
    }
    Figures::count(&desk.figures.logins_slowed);
    Err(Failure::slow_down(wait))
}

fn wrong_password(desk: &Desk, peer: Peer, account: &str) -> Failure {
    failed(
        desk,
        peer,
        account,
        "wrong_password",
        "Login or password is wrong. Check both, capitals too, and try again.",
    )
}

fn failed(desk: &Desk, peer: Peer, account: &str, error: &str, message: &str) -> Failure {
    Figures::count(&desk.figures.logins_failed);
    desk.throttle()
        .failed(desk.now().mono, account, peer.address.ip());
    Failure::new(StatusCode::UNAUTHORIZED, error, message)
}

pub(super) fn check_login(login: &str) -> Result<String, Failure> {
    let login = login.trim().to_lowercase();
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '@');
    let length = login.chars().count();
    if !(2..=LOGIN_CHARS_MAX).contains(&length) || !login.chars().all(legal) {
        return Err(Failure::field(
            "login",
            "login_form",
            "A login has 2 to 40 letters a-z, digits, dots, dashes, underscores or @.",
        ));
    }
    Ok(login)
}

pub(super) fn check_password(field: &str, password: &str, login: &str) -> Result<(), Failure> {
    if password.chars().count() < PASSWORD_CHARS_MIN || password.len() > PASSWORD_BYTES_MAX {
        return Err(Failure::field(
            field,
            "password_length",
            "A password has 10 to 200 characters. A few words in a row are easy to keep in mind.",
        ));
    }
    let first = password.chars().next();
    let told = !login.is_empty() && password.to_lowercase().contains(login);
    if told || password.chars().all(|c| Some(c) == first) {
        return Err(Failure::field(
            field,
            "password_weak",
            "This password is easy to guess. Leave the login out of it and mix characters.",
        ));
    }
    Ok(())
}
