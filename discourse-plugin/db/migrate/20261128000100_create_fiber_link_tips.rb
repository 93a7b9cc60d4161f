# frozen_string_literal: true

class CreateFiberLinkTips < ActiveRecord::Migration[7.2]
  def change
    create_table :fiber_link_tips do |t|
      t.string :tip_id, null: false, limit: 255
      t.bigint :post_id
      t.bigint :topic_id
      t.bigint :user_id
      t.bigint :payee_id
      t.string :asset, null: false, limit: 255
      t.decimal :amount, null: false
      t.text :message
      t.boolean :anonymous, null: false, default: false
      t.string :state, null: false, limit: 20, default: "open"
      t.text :invoice
      # A repeat is answered with its tip, whatever has become of who may tip whom meanwhile.
      t.string :idempotency_key, limit: 255
      t.datetime :expires_at
      t.datetime :settled_at
      t.timestamps

      t.check_constraint "amount > 0", name: "fiber_link_tips_amount"
      t.check_constraint(
        "state IN ('open', 'settled', 'expired', 'failed')",
        name: "fiber_link_tips_state",
      )
      t.check_constraint(
        "(state = 'settled') = (settled_at IS NOT NULL)",
        name: "fiber_link_tips_settled_at",
      )
    end

    add_index :fiber_link_tips, :tip_id, unique: true
    add_settled_index %i[post_id settled_at id]
    add_settled_index %i[topic_id settled_at]
    add_settled_index %i[payee_id settled_at id]
    add_settled_index %i[settled_at]
    add_settled_index %i[asset settled_at]
    add_index :fiber_link_tips,
              %i[user_id post_id id],
              where: "state = 'open'",
              name: "index_fiber_link_tips_open_by_user"
    add_index :fiber_link_tips,
              %i[expires_at],
              where: "state = 'open'",
              name: "index_fiber_link_tips_open_by_expiry"
    add_index :fiber_link_tips, :idempotency_key, where: "idempotency_key IS NOT NULL"
    add_index :fiber_link_tips, %i[user_id id]
    add_index :fiber_link_tips, %i[payee_id id]
  end

  private

  def add_settled_index(columns)
    add_index :fiber_link_tips,
              columns,
              where: "state = 'settled'",
              name: "index_fiber_link_tips_settled_by_#{columns.first}"
  end
end
