//! `dashboard.summary`.

use crate::backend::Backend;
use crate::hub::{FORUM, Hub};
use serde_json::{Value, json};

pub(crate) async fn a_user_who_never_did_anything_has_nothing(backend: Backend) {
    let hub = Hub::new(backend).await;
    let answer = hub.call("dashboard.summary", json!({ "userId": "9" })).await;
    let expected = json!({
        "balance": "0",
        "balances": { "available": "0", "pending": "0", "locked": "0", "asset": "CKB" },
        "balancesByAsset": [{ "asset": "CKB", "available": "0", "reserved": "0", "pending": "0" }],
        "stats": { "pendingCount": 0, "completedCount": 0, "failedCount": 0 },
        "tips": [],
        "generatedAt": "2025-10-09T08:53:20.000Z",
    });
    assert_eq!(answer.result(), &expected);
}

pub(crate) async fn a_user_sees_balances_counts_and_tips_both_ways(backend: Backend) {
    let hub = Hub::new(backend).await;
    let settled = hub.give("9", "1.5").await;
    let failed = hub.tip("9", "3").await;
    hub.node.cancel(&failed).unwrap();
    hub.settle().await;
    let open = hub.tip("9", "2").await;
    let answer = hub.call("dashboard.summary", json!({ "userId": "9" })).await;
    let result = answer.result();
    assert_eq!(result["balance"], "1.5");
    assert_eq!(
        result["balances"],
        json!({ "available": "1.5", "pending": "2", "locked": "0", "asset": "CKB" })
    );
    assert_eq!(result["stats"], json!({ "pendingCount": 1, "completedCount": 1, "failedCount": 1 }));
    let tips = result["tips"].as_array().unwrap();
    let shown: Vec<_> = tips.iter().map(|tip| (&tip["invoice"], &tip["state"])).collect();
    let expected = [
        (json!(open), json!("UNPAID")),
        (json!(failed), json!("FAILED")),
        (json!(settled), json!("SETTLED")),
    ];
    assert_eq!(shown, expected.iter().map(|(a, b)| (a, b)).collect::<Vec<_>>());
    assert_eq!((&tips[2]["direction"], &tips[2]["counterpartyUserId"]), (&json!("IN"), &json!("7")));
    assert_eq!(tips[2]["settledAt"], "2025-10-09T09:53:20.000Z");

    let giver = hub.call("dashboard.summary", json!({ "userId": "7", "limit": 1 })).await;
    let tips = giver.result()["tips"].as_array().unwrap();
    assert_eq!(tips.len(), 1);
    assert_eq!((&tips[0]["direction"], &tips[0]["counterpartyUserId"]), (&json!("OUT"), &json!("9")));
    assert_eq!(giver.result()["balance"], "0");
}

pub(crate) async fn an_administrator_sees_the_whole_app(backend: Backend) {
    let hub = Hub::new(backend).await;
    let settled = hub.give("9", "1").await;
    let open = hub.tip("8", "2").await;
    let ask = |filters: Value| {
        let params = json!({ "userId": "1", "includeAdmin": true, "filters": filters });
        let hub = &hub;
        async move { hub.call("dashboard.summary", params).await.result()["admin"].clone() }
    };
    let admin = ask(json!(null)).await;
    assert_eq!(admin["filtersApplied"], json!({ "withdrawalState": "ALL", "settlementState": "ALL" }));
    assert_eq!(admin["apps"], json!([{ "appId": FORUM.0, "createdAt": "2025-10-09T08:53:20.000Z" }]));
    let settlements = admin["settlements"].as_array().unwrap();
    assert_eq!(
        settlements.iter().map(|row| &row["invoice"]).collect::<Vec<_>>(),
        [&json!(open), &json!(settled)]
    );
    let counts = json!([
        { "stage": "UNPAID", "count": 1 }, { "stage": "SETTLED", "count": 1 }, { "stage": "FAILED", "count": 0 },
    ]);
    assert_eq!(admin["pipelineBoard"]["stageCounts"], counts);
    let row = &admin["pipelineBoard"]["invoiceRows"][0];
    assert_eq!(row["timelineHref"], format!("/fiber-link/timeline/{open}"));

    let admin = ask(json!({ "settlementState": "SETTLED", "withdrawalState": "FAILED" })).await;
    assert_eq!(admin["filtersApplied"], json!({ "withdrawalState": "FAILED", "settlementState": "SETTLED" }));
    assert_eq!(admin["settlements"].as_array().unwrap().len(), 1);
    assert_eq!(admin["settlements"][0]["invoice"], settled);
    assert_eq!(admin["withdrawals"], json!([]));
}

pub(crate) async fn wrong_params_are_named(backend: Backend) {
    let hub = Hub::new(backend).await;
    for (params, fields) in [
        (json!({}), vec!["userId"]),
        (json!({ "userId": "9", "limit": 51 }), vec!["limit"]),
        (json!({ "userId": "9", "includeAdmin": "yes" }), vec!["includeAdmin"]),
        (json!({ "userId": "9", "filters": [] }), vec!["filters"]),
        (
            json!({ "userId": "9", "filters": { "withdrawalState": "GONE", "settlementState": 1 } }),
            vec!["filters.withdrawalState", "filters.settlementState"],
        ),
    ] {
        assert_eq!(hub.call("dashboard.summary", params).await.fields(), fields);
    }
}
