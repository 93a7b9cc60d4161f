# frozen_string_literal: true

class CreateFiberLinkFormerAccounts < ActiveRecord::Migration[7.2]
  def change
    create_table :fiber_link_former_accounts, id: false do |t|
      # Of a user who is gone: the server still keeps an account by it.
      t.integer :former_id, null: false, primary_key: true
      t.integer :user_id, null: false
      # What it was called; nothing once its user was anonymized.
      t.string :username
      # It was anonymized, or its user was: what it gave is named nowhere again.
      t.boolean :closed, null: false, default: false
      t.datetime :created_at, null: false
    end
    add_index :fiber_link_former_accounts, :user_id
  end
end
