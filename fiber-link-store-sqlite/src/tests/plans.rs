//! Every statement is led by an index.

use crate::schema::{DATABASE, NONCES, Pragmas, Schema};
use crate::{admission, apply, document, due, export, lists, query, record, room, totals, worker};
use std::time::Duration;

fn plans_of(schema: &Schema, statements: &[(&str, &str)]) {
    let pragmas = Pragmas { synchronous: "OFF", cache_kib: 1024, busy_timeout: Duration::ZERO };
    let connection = schema.in_memory(pragmas).unwrap();
    for (name, sql) in statements {
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().unwrap() {
            let step: String = row.get("detail").unwrap();
            assert!(!step.contains("TEMP B-TREE"), "{name} sorts: {step}");
            let scans_rows = step.starts_with("SCAN") && !step.contains("INDEX");
            assert!(!scans_rows || step.starts_with("SCAN (subquery"), "{name} scans: {step}");
            assert!(!step.starts_with("SCAN") || !scans_rows || sql.contains("LIMIT"), "{name} is unbounded");
        }
    }
}

#[test]
fn no_statement_scans_a_table_or_sorts() {
    plans_of(
        &DATABASE,
        &[
            &[apply::ALL, record::ALL, document::ALL, due::ALL, query::ALL][..],
            &[lists::ALL, totals::ALL, room::ALL, worker::ALL, export::ALL],
        ]
        .concat()
        .concat(),
    );
    plans_of(&NONCES, &[admission::ALL, export::nonces::ALL].concat());
}

#[test]
#[should_panic(expected = "scans")]
fn a_scan_is_noticed() {
    plans_of(&DATABASE, &[("BAD", "SELECT id FROM tips WHERE amount = ?1 LIMIT 1")]);
}

#[test]
#[should_panic(expected = "sorts")]
fn a_sort_is_noticed() {
    plans_of(
        &DATABASE,
        &[("BAD", "SELECT id FROM tips WHERE app = ?1 AND phase = ?2 ORDER BY amount LIMIT 1")],
    );
}
