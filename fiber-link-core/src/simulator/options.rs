//! What is simulated.

use super::faults::{FaultLevel, Faults, UnknownFault};
use super::random::Random;
use crate::{
    Amount, AppId, Asset, AssetId, AssetKind, Assets, Exclusivity, FeeBearer, Policies, ReviewPolicy,
    ScriptHashType, Settings, TypeScript, WithdrawalPolicy,
};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// What is simulated: the same options make the same history.
#[derive(Clone, Debug)]
pub struct Options {
    /// What chance follows from.
    pub seed: u64,
    /// How long things go wrong, in simulated time. Then faults end, and everything has to come to its end.
    pub span: Duration,
    /// How many servers work on the store; at least 1.
    pub servers: u32,
    /// How many users there are in each app; at least 1.
    pub users: u32,
    /// How many apps there are; at least 1.
    pub apps: u32,
    /// What the first of them are called, so that policies for single apps apply; the others are `app-1`
    /// and so on, by their number.
    pub app_names: Vec<AppId>,
    /// How long a user does nothing between two acts, about.
    pub pace: Duration,
    /// What goes wrong.
    pub faults: Faults,
    /// The settings of the servers.
    pub settings: Settings,
    /// The assets that they accept.
    pub assets: Assets,
    /// Their rules for withdrawals.
    pub policies: Policies,
    /// Whether people look at withdrawals before they are paid: at large ones, at first ones, and at new
    /// destinations.
    pub reviews: bool,
}

/// Three servers, two apps of four users, harsh faults, and two hours in which much happens. CKB and a
/// token, with rules that differ between the apps.
impl Default for Options {
    fn default() -> Self {
        let assets = assets();
        Self {
            seed: 0,
            span: Duration::from_secs(2 * 3600),
            servers: 3,
            users: 4,
            apps: 2,
            app_names: Vec::new(),
            pace: Duration::from_secs(10 * 60),
            faults: Faults::default(),
            settings: Settings::default(),
            policies: policies(&assets),
            assets,
            reviews: false,
        }
    }
}

/// CKB and a token.
fn assets() -> Assets {
    let kind =
        AssetKind::Udt(TypeScript { code_hash: [7; 32], hash_type: ScriptHashType::Type, args: vec![1] });
    let token = AssetId::new("TOKEN").map(|id| Asset { id, decimals: 6, kind });
    Assets::new([Asset::ckb()].into_iter().chain(token)).unwrap_or_default()
}

/// In the second app the hub bears the fees, a day has room for little, and a user has to wait a
/// minute between two withdrawals.
fn policies(assets: &Assets) -> Policies {
    let mut policies = Policies::defaults(assets);
    let Ok(second) = AppId::new("app-2") else { return policies };
    for asset in assets.iter() {
        let usual = WithdrawalPolicy::default_for(asset);
        let daily = |text| asset.parse(text).unwrap_or(Amount::MAX);
        let strict = WithdrawalPolicy {
            per_user_daily: daily("500"),
            per_app_daily: daily("1500"),
            cooldown: Duration::from_secs(60),
            fee_bearer: FeeBearer::Hub,
            ..usual
        };
        policies.set_for_app(second.clone(), asset.id.clone(), strict);
    }
    policies
}

impl Options {
    /// A history of a kind that follows from its seed: long or short, few or many people, one server
    /// alone or several, and mostly harsh.
    pub fn varied(seed: u64) -> Self {
        let mut random = Random::new(seed, 3);
        let minutes = |n: u64| Duration::from_secs(n.saturating_mul(60));
        let mut count = |most| u32::try_from(random.between(1, most)).unwrap_or(1);
        let (servers, users, apps) = (count(3), count(4).saturating_add(1), count(2));
        let span = random.duration(minutes(20), minutes(120));
        let sole = servers == 1 && random.one_in(2);
        let exclusivity = if sole { Exclusivity::Sole } else { Exclusivity::Shared };
        let level = [(8, FaultLevel::Harsh), (1, FaultLevel::Mild), (1, FaultLevel::None)];
        Self {
            seed,
            span: Duration::from_secs(span.as_secs()),
            servers,
            users,
            apps,
            pace: Duration::from_secs(random.duration(minutes(2), minutes(12)).as_secs()),
            faults: Faults::of(random.weighted(&level).unwrap_or(FaultLevel::Harsh)),
            reviews: random.one_in(2),
            settings: Settings { exclusivity, ..Settings::default() },
            ..Self::default()
        }
    }

    /// What people look at first.
    pub(super) fn review_of(&self, asset: &Asset) -> ReviewPolicy {
        let whole = |text| asset.parse(text).ok();
        match self.reviews {
            true => ReviewPolicy {
                above: whole("20"),
                two_above: whole("100"),
                first_withdrawal: true,
                new_destination: Some(Duration::from_secs(10 * 60)),
            },
            false => ReviewPolicy::default(),
        }
    }

    /// The apps, by their names or their numbers.
    pub(super) fn all_apps(&self) -> impl Iterator<Item = AppId> {
        (1..=self.apps).zip(0..).filter_map(|(number, place): (u32, usize)| {
            let named = self.app_names.get(place).cloned();
            named.or_else(|| AppId::new(format!("app-{number}")).ok())
        })
    }
}

/// Everything that follows from no type: not the assets, the policies and the names of apps, and of the
/// settings only whether the one server is the sole one.
impl fmt::Display for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, span, servers, users, apps, pace, faults, settings, reviews, .. } = self;
        let (span, pace) = (span.as_secs(), pace.as_secs());
        let sole = settings.exclusivity == Exclusivity::Sole;
        write!(
            f,
            "seed={seed};span={span};servers={servers};users={users};apps={apps};pace={pace};sole={sole};\
             reviews={reviews};faults={faults}"
        )
    }
}

/// A text is no options.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OptionsError {
    /// A part of it is not known.
    #[error("{0:?} is none of seed, span, servers, users, apps, pace, sole, reviews and faults with a value")]
    Part(String),
    /// Its faults are not known.
    #[error(transparent)]
    Faults(#[from] UnknownFault),
}

/// Reads what [`Display`](fmt::Display) writes, and any part of it; the rest is as by default.
impl FromStr for Options {
    type Err = OptionsError;

    fn from_str(text: &str) -> Result<Self, OptionsError> {
        let mut options = Self::default();
        for part in text.split(';').filter(|part| !part.is_empty()) {
            let malformed = || OptionsError::Part(part.to_owned());
            let (name, value) = part.split_once('=').ok_or_else(malformed)?;
            let number = || value.parse::<u64>().map_err(|_| malformed());
            let count = || value.parse::<u32>().ok().filter(|n| *n > 0).ok_or_else(malformed);
            match name {
                "seed" => options.seed = number()?,
                "span" => options.span = Duration::from_secs(number()?),
                "servers" => options.servers = count()?,
                "users" => options.users = count()?,
                "apps" => options.apps = count()?,
                "pace" => options.pace = Duration::from_secs(number()?),
                "sole" => {
                    let sole = value.parse().map_err(|_| malformed())?;
                    let exclusivity = if sole { Exclusivity::Sole } else { Exclusivity::Shared };
                    options.settings.exclusivity = exclusivity;
                }
                "reviews" => options.reviews = value.parse().map_err(|_| malformed())?,
                "faults" => options.faults = value.parse()?,
                _ => return Err(malformed()),
            }
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_as_they_are_written() {
        let text =
            "seed=9;span=60;servers=1;users=2;apps=3;pace=4;sole=true;reviews=true;faults=mild,hint_lies=0";
        assert_eq!(text.parse::<Options>().unwrap().to_string(), text);
        assert_eq!("seed=9".parse::<Options>().unwrap().servers, Options::default().servers);
        assert!("pace".parse::<Options>().is_err());
        assert!("servers=0".parse::<Options>().is_err());
        assert!("seeds=1".parse::<Options>().is_err());
    }

    #[test]
    fn apps_go_by_their_names_and_the_others_by_their_numbers() {
        let app_names = vec![AppId::new("forum").unwrap()];
        let options = Options { apps: 3, app_names, ..Options::default() };
        let names: Vec<_> = options.all_apps().map(|app| app.to_string()).collect();
        assert_eq!(names, ["forum", "app-2", "app-3"]);
    }
}
