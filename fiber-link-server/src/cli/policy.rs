//! `fiber-link policy`: what is allowed for one asset in one app.

use super::operator::{ReasonFlag, of_existing};
use super::{CommandError, WrongValue};
use crate::rpc::params::Issues;
use crate::settings::{Settings, read_duration};
use crate::wire_time;
use clap::{Args, FromArgMatches, Subcommand, ValueEnum};
use fiber_link_core::{
    Amount, AppId, Asset, FeeBearer, LONGEST_COOLDOWN, LONGEST_COOLING_TIME, MAX_ROWS, Policy, PolicyVersion,
    Previewed,
};
use serde_json::Value;
use std::time::Duration;

/// The word for a limit that there is not.
const OFF: &str = "off";

#[derive(Debug, Subcommand)]
pub(super) enum PolicyCommand {
    /// Show the policy that holds: its version, then one line for each rule.
    Show(Of),
    /// Change the policy; what is not named stays as it is. The version before is kept.
    Set(Set),
    /// Tell what the policy would have done to the last hundred tips and withdrawals if it had been
    /// changed so, and change nothing.
    Preview(Preview),
    /// List the versions: number, since when, who set it, why.
    Versions(Of),
}

#[derive(Debug, Args)]
pub(super) struct Of {
    /// The app.
    app_id: AppId,
    /// The asset, as the settings name it.
    asset: String,
}

#[derive(Debug, Args)]
pub(super) struct Set {
    #[command(flatten)]
    of: Of,
    #[command(flatten)]
    change: Change,
    #[command(flatten)]
    why: ReasonFlag,
}

#[derive(Debug, Args)]
pub(super) struct Preview {
    #[command(flatten)]
    of: Of,
    #[command(flatten)]
    change: Change,
}

/// What is changed. Amounts are in whole units of the asset.
#[derive(Clone, Debug, Args)]
struct Change {
    /// Whether the asset may be tipped.
    #[arg(long)]
    tips: Option<Switch>,
    /// The least that a tip may be.
    #[arg(long, value_name = "AMOUNT")]
    tip_minimum: Option<String>,
    /// The most that a tip may be.
    #[arg(long, value_name = "AMOUNT|off")]
    tip_maximum: Option<String>,
    /// The most that a user may come to have, with what may still be paid to him.
    #[arg(long, value_name = "AMOUNT|off")]
    largest_balance: Option<String>,
    /// Whether the asset may be withdrawn.
    #[arg(long)]
    withdrawals: Option<Switch>,
    /// The least that may be withdrawn to an invoice.
    #[arg(long, value_name = "AMOUNT")]
    withdrawal_minimum: Option<String>,
    /// The least that may be withdrawn to a CKB address.
    #[arg(long, value_name = "AMOUNT")]
    minimum_to_address: Option<String>,
    /// The most in one request.
    #[arg(long, value_name = "AMOUNT")]
    per_request: Option<String>,
    /// The most per user in a rolling day.
    #[arg(long, value_name = "AMOUNT")]
    per_user_daily: Option<String>,
    /// The most of the whole app in a rolling day.
    #[arg(long, value_name = "AMOUNT")]
    per_app_daily: Option<String>,
    /// The least time between two requests of a user, such as `30s`.
    #[arg(long, value_name = "TIME")]
    cooldown: Option<String>,
    /// The highest fee as a share of the amount, in millionths.
    #[arg(long, value_name = "NUMBER")]
    fee_millionths: Option<u32>,
    /// The highest fee is at least this.
    #[arg(long, value_name = "AMOUNT")]
    fee_floor: Option<String>,
    /// Who pays the fee.
    #[arg(long)]
    fee_bearer: Option<Bearer>,
    /// A person looks at withdrawals above this amount.
    #[arg(long, value_name = "AMOUNT|off")]
    review_above: Option<String>,
    /// Two different people look at withdrawals above this amount.
    #[arg(long, value_name = "AMOUNT|off")]
    two_people_above: Option<String>,
    /// Whether a person looks at the first withdrawal of each user in this asset.
    #[arg(long)]
    first_withdrawal: Option<Switch>,
    /// A person looks at withdrawals to a destination that the user named less than so long ago for the
    /// first time.
    #[arg(long, value_name = "TIME|off")]
    new_destination: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Switch {
    /// Yes.
    On,
    /// No.
    Off,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Bearer {
    /// The user.
    User,
    /// The hub.
    Hub,
}

pub(super) async fn run(settings: &Settings, command: PolicyCommand) -> Result<(), CommandError> {
    match command {
        PolicyCommand::Show(of) => {
            let asset = of.asset(settings)?;
            let (policy, set) = of_existing(settings).await?.policy(&of.app_id, &asset).await?;
            show(&policy, set.as_ref(), &asset);
            Ok(())
        }
        PolicyCommand::Set(Set { of, change, why }) => {
            let asset = of.asset(settings)?;
            let change = change.read(&asset)?;
            let administration = of_existing(settings).await?;
            let changed = administration.change_policy(&of.app_id, &asset, &why.reason, |policy| {
                change.iter().for_each(|change| change(policy));
            });
            let set = changed.await?;
            show(&set.policy, Some(&set), &asset);
            Ok(())
        }
        PolicyCommand::Preview(Preview { of, change }) => {
            let asset = of.asset(settings)?;
            let change = change.read(&asset)?;
            let administration = of_existing(settings).await?;
            let previewed = administration.preview_policy(&of.app_id, &asset, |policy| {
                change.iter().for_each(|change| change(policy));
            });
            let told = previewed.await?;
            preview("tips", &told.tips);
            preview("withdrawals", &told.withdrawals);
            Ok(())
        }
        PolicyCommand::Versions(of) => versions(settings, &of).await,
    }
}

async fn versions(settings: &Settings, of: &Of) -> Result<(), CommandError> {
    let asset = of.asset(settings)?;
    let administration = of_existing(settings).await?;
    let mut after = 0;
    loop {
        let page = administration.policy_versions(&of.app_id, &asset.id, after, MAX_ROWS).await?;
        for set in &page {
            let (at, by) = (wire_time::format(set.at), &set.operator);
            println!("{}\t{at}\t{}\t{}\t{}", set.number, by.name, by.origin, set.reason);
        }
        match page.last() {
            Some(last) => after = last.number,
            None => return Ok(()),
        }
    }
}

impl Of {
    fn asset(&self, settings: &Settings) -> Result<Asset, WrongValue> {
        let found = settings.assets.iter().find(|asset| asset.id.as_str() == self.asset);
        found.cloned().ok_or_else(|| WrongValue {
            what: "ASSET",
            got: self.asset.clone(),
            allowed: settings.assets.iter().map(|asset| asset.id.as_str()).collect::<Vec<_>>().join(", "),
        })
    }
}

/// Where in a policy something stands.
type Place<T> = fn(&mut Policy) -> &mut T;

/// A flag, what was given for it, and where that goes.
type Given<'a, T> = (&'static str, &'a Option<String>, Place<T>);

pub(crate) type PolicyChange = Box<dyn Fn(&mut Policy) + Send + Sync>;

impl Change {
    /// One change for each flag that was given.
    fn read(&self, asset: &Asset) -> Result<Vec<PolicyChange>, WrongValue> {
        let mut changes: Vec<PolicyChange> = Vec::new();
        let amounts: [Given<'_, Amount>; 7] = [
            ("--tip-minimum", &self.tip_minimum, |policy| &mut policy.tips.minimum),
            ("--withdrawal-minimum", &self.withdrawal_minimum, |policy| &mut policy.withdrawals.minimum),
            ("--minimum-to-address", &self.minimum_to_address, |policy| {
                &mut policy.withdrawals.minimum_to_address
            }),
            ("--per-request", &self.per_request, |policy| &mut policy.withdrawals.per_request),
            ("--per-user-daily", &self.per_user_daily, |policy| &mut policy.withdrawals.per_user_daily),
            ("--per-app-daily", &self.per_app_daily, |policy| &mut policy.withdrawals.per_app_daily),
            ("--fee-floor", &self.fee_floor, |policy| &mut policy.withdrawals.fee.floor),
        ];
        for (flag, given, place) in amounts {
            if let Some(text) = given {
                let amount = read_amount(flag, text, asset)?;
                changes.push(Box::new(move |policy| *place(policy) = amount));
            }
        }
        let limits: [Given<'_, Option<Amount>>; 4] = [
            ("--tip-maximum", &self.tip_maximum, |policy| &mut policy.tips.maximum),
            ("--largest-balance", &self.largest_balance, |policy| &mut policy.tips.largest_balance),
            ("--review-above", &self.review_above, |policy| &mut policy.review.above),
            ("--two-people-above", &self.two_people_above, |policy| &mut policy.review.two_above),
        ];
        for (flag, given, place) in limits {
            if let Some(text) = given {
                let limit = if text == OFF { None } else { Some(read_amount(flag, text, asset)?) };
                changes.push(Box::new(move |policy| *place(policy) = limit));
            }
        }
        if let Some(text) = &self.cooldown {
            let cooldown = read_time("--cooldown", text, LONGEST_COOLDOWN)?;
            changes.push(Box::new(move |policy| policy.withdrawals.cooldown = cooldown));
        }
        if let Some(text) = &self.new_destination {
            let cooling = match text.as_str() {
                OFF => None,
                text => Some(read_time("--new-destination", text, LONGEST_COOLING_TIME)?),
            };
            changes.push(Box::new(move |policy| policy.review.new_destination = cooling));
        }
        self.read_words(&mut changes);
        Ok(changes)
    }

    fn read_words(&self, changes: &mut Vec<PolicyChange>) {
        let switches: [(Option<Switch>, Place<bool>); 3] = [
            (self.tips, |policy| &mut policy.tips.allowed),
            (self.withdrawals, |policy| &mut policy.withdrawals.allowed),
            (self.first_withdrawal, |policy| &mut policy.review.first_withdrawal),
        ];
        for (given, place) in switches {
            if let Some(switch) = given {
                changes.push(Box::new(move |policy| *place(policy) = matches!(switch, Switch::On)));
            }
        }
        if let Some(millionths) = self.fee_millionths {
            changes.push(Box::new(move |policy| policy.withdrawals.fee.millionths = millionths));
        }
        if let Some(bearer) = self.fee_bearer {
            let bearer = match bearer {
                Bearer::User => FeeBearer::User,
                Bearer::Hub => FeeBearer::Hub,
            };
            changes.push(Box::new(move |policy| policy.withdrawals.fee_bearer = bearer));
        }
    }
}

fn read_amount(what: &'static str, text: &str, asset: &Asset) -> Result<Amount, WrongValue> {
    asset.parse(text).map_err(|error| WrongValue {
        what,
        got: text.to_owned(),
        allowed: format!("an amount of {}: it {error}", asset.id),
    })
}

fn read_time(what: &'static str, text: &str, most: Duration) -> Result<Duration, WrongValue> {
    read_duration(text, Duration::ZERO, most).map_err(|allowed| WrongValue {
        what,
        got: text.to_owned(),
        allowed,
    })
}

fn show(policy: &Policy, set: Option<&PolicyVersion>, asset: &Asset) {
    for (name, value) in lines(policy, set, asset) {
        println!("{name}\t{value}");
    }
}

/// The rules by the names of the flags that set them.
pub(crate) fn lines(
    policy: &Policy,
    set: Option<&PolicyVersion>,
    asset: &Asset,
) -> impl Iterator<Item = (&'static str, String)> {
    let whole = |amount| asset.format(amount);
    let limit = |limit: Option<Amount>| limit.map_or_else(|| OFF.to_owned(), whole);
    let switch = |on: bool| if on { "on".to_owned() } else { OFF.to_owned() };
    let version = set.map_or_else(|| "none: as the settings say".to_owned(), |set| set.number.to_string());
    let (tips, withdrawals, review) = (&policy.tips, &policy.withdrawals, &policy.review);
    let bearer = match withdrawals.fee_bearer {
        FeeBearer::User => "user",
        FeeBearer::Hub => "hub",
    };
    let lines = [
        ("version", version),
        ("tips", switch(tips.allowed)),
        ("tip-minimum", whole(tips.minimum)),
        ("tip-maximum", limit(tips.maximum)),
        ("largest-balance", limit(tips.largest_balance)),
        ("withdrawals", switch(withdrawals.allowed)),
        ("withdrawal-minimum", whole(withdrawals.minimum)),
        ("minimum-to-address", whole(withdrawals.minimum_to_address)),
        ("per-request", whole(withdrawals.per_request)),
        ("per-user-daily", whole(withdrawals.per_user_daily)),
        ("per-app-daily", whole(withdrawals.per_app_daily)),
        ("cooldown", plain_time(withdrawals.cooldown)),
        ("fee-millionths", withdrawals.fee.millionths.to_string()),
        ("fee-floor", whole(withdrawals.fee.floor)),
        ("fee-bearer", bearer.to_owned()),
        ("review-above", limit(review.above)),
        ("two-people-above", limit(review.two_above)),
        ("first-withdrawal", switch(review.first_withdrawal)),
        ("new-destination", review.new_destination.map_or_else(|| OFF.to_owned(), plain_time)),
    ];
    lines.into_iter()
}

/// A time in the greatest unit that it is a whole number of.
fn plain_time(time: Duration) -> String {
    let (seconds, millis) = (time.as_secs(), time.as_millis());
    let units = [(86_400, "d"), (3_600, "h"), (60, "m")];
    let unit = units.into_iter().find(|(of, _)| seconds > 0 && seconds.checked_rem(*of) == Some(0));
    match (time.subsec_millis(), unit) {
        (0, Some((of, unit))) => format!("{}{unit}", seconds.checked_div(of).unwrap_or(seconds)),
        (0, None) => format!("{seconds}s"),
        (_, _) => format!("{millis}ms"),
    }
}

/// A change whose fields are the flags of `policy set` in the form of the wire, such as `tipMinimum`.
/// `true` and `false` are on and off, and null is off.
pub(crate) fn change_of<'a>(
    fields: impl Iterator<Item = (&'a String, &'a Value)>,
    asset: &Asset,
) -> Result<Vec<PolicyChange>, Issues> {
    let command = Change::augment_args(clap::Command::new("policy").no_binary_name(true));
    let mut arguments = Vec::new();
    for (field, value) in fields {
        let flag = flag_of(field);
        if !command.get_arguments().any(|argument| argument.get_long() == Some(flag.as_str())) {
            return Err(Issues::one(field, "is no rule of a policy"));
        }
        let text = match value {
            Value::Bool(true) => "on".to_owned(),
            Value::Bool(false) | Value::Null => OFF.to_owned(),
            Value::Number(number) => number.to_string(),
            Value::String(text) => text.clone(),
            Value::Array(_) | Value::Object(_) => {
                return Err(Issues::one(field, "must be a string, a number, true, false or null"));
            }
        };
        let argument = format!("--{flag}={text}");
        if let Err(error) = command.clone().try_get_matches_from([&argument]) {
            return Err(Issues::one(field, plain(&error)));
        }
        arguments.push(argument);
    }
    let matches =
        command.try_get_matches_from(arguments).map_err(|error| Issues::one("body", plain(&error)))?;
    let change = Change::from_arg_matches(&matches).map_err(|error| Issues::one("body", plain(&error)))?;
    change.read(asset).map_err(|WrongValue { what, allowed, .. }| {
        Issues::one(&field_of(what.trim_start_matches('-')), format!("must be {allowed}"))
    })
}

/// What clap says, without what is about a command line.
fn plain(error: &clap::Error) -> String {
    let text = error.to_string();
    let lines: Vec<_> =
        text.lines().take_while(|line| !line.starts_with("For more")).map(str::trim).collect();
    lines.join(" ").trim_start_matches("error: ").trim().to_owned()
}

/// `tipMinimum` as `tip-minimum`.
fn flag_of(field: &str) -> String {
    let mut flag = String::new();
    for c in field.chars() {
        if c.is_ascii_uppercase() {
            flag.push('-');
        }
        flag.push(c.to_ascii_lowercase());
    }
    flag
}

/// `tip-minimum` as `tipMinimum`.
pub(crate) fn field_of(flag: &str) -> String {
    let mut parts = flag.split('-');
    let mut field = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let mut letters = part.chars();
        field.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        field.push_str(letters.as_str());
    }
    field
}

fn preview(what: &str, told: &Previewed) {
    let (refused, looked_at) = (told.total_refused(), told.looked_at);
    println!("{what}: would have refused {refused} of the last {looked_at}, and reviewed {}", told.reviewed);
    for (rule, count) in &told.refused {
        println!("{what}\t{rule}\t{count}");
    }
}
