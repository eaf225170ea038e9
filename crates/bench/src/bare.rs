//! The transaction that database benchmarks are known by, run bare: an account, a teller and a
//! branch each change by an amount, and a line of history is added.

use almoner_store::Db;
use almoner_store::db::{Durability, StoreError, Value};

use crate::Outcome;

/// Accounts, as many as the benchmark has at its scale of ten.
const ACCOUNTS: i64 = 1_000_000;
const TELLERS: i64 = 100;
const BRANCHES: i64 = 10;

/// A database of its own.
pub(crate) struct Bare(Db);

fn number(number: i64) -> Value {
    Value::Int(Some(number))
}

impl Bare {
    /// Makes the tables in an empty database.
    pub(crate) async fn make(url: &str) -> Outcome<Self> {
        let made = async {
            let db = Db::open(url, Durability::Full).await?;
            let mut tx = db.begin().await?;
            for (name, count) in
                [("account", ACCOUNTS), ("teller", TELLERS), ("branch", BRANCHES)]
            {
                let sql = format!(
                    "CREATE TABLE bare_{name} (id BIGINT NOT NULL PRIMARY KEY,
                        balance BIGINT NOT NULL, filler TEXT NOT NULL)"
                );
                tx.execute(sql, Vec::new()).await?;
                let sql = format!(
                    "INSERT INTO bare_{name} WITH RECURSIVE n (id) AS
                        (SELECT CAST(1 AS BIGINT) UNION ALL SELECT id + 1 FROM n WHERE id < $1)
                    SELECT id, 0, $2 FROM n"
                );
                let filler = Value::Text(Some("-".repeat(80)));
                tx.execute(sql, vec![number(count), filler]).await?;
            }
            let sql = "CREATE TABLE bare_history (account BIGINT NOT NULL, teller BIGINT NOT NULL,
                branch BIGINT NOT NULL, delta BIGINT NOT NULL, at_us BIGINT NOT NULL)";
            tx.execute(sql, Vec::new()).await?;
            tx.commit().await?;
            Ok::<_, StoreError>(Self(db))
        };
        made.await.map_err(|error| error.to_string())
    }

    /// Runs the transaction once; the number says for whom.
    pub(crate) async fn once(&self, at: usize) -> Outcome<()> {
        self.run(i64::try_from(at).unwrap_or_default()).await.map_err(|error| error.to_string())
    }

    async fn run(&self, at: i64) -> Result<(), StoreError> {
        // Far apart, as if by chance.
        let account = at.wrapping_mul(7_919).rem_euclid(ACCOUNTS) + 1;
        let (teller, branch) = (account % TELLERS + 1, account % BRANCHES + 1);
        let delta = account % 5_000 - 2_500;
        let mut tx = self.0.begin().await?;
        let sql = "UPDATE bare_account SET balance = balance + $1 WHERE id = $2";
        tx.execute_one(sql, vec![number(delta), number(account)]).await?;
        tx.one("SELECT balance FROM bare_account WHERE id = $1", vec![number(account)]).await?;
        let sql = "UPDATE bare_teller SET balance = balance + $1 WHERE id = $2";
        tx.execute_one(sql, vec![number(delta), number(teller)]).await?;
        let sql = "UPDATE bare_branch SET balance = balance + $1 WHERE id = $2";
        tx.execute_one(sql, vec![number(delta), number(branch)]).await?;
        let sql = "INSERT INTO bare_history (account, teller, branch, delta, at_us)
            VALUES ($1, $2, $3, $4, $5)";
        let values = [account, teller, branch, delta, at].map(number).into();
        tx.execute_one(sql, values).await?;
        tx.commit().await
    }
}
