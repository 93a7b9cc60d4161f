# frozen_string_literal: true

class CreateFiberLinkPreferences < ActiveRecord::Migration[7.2]
  def change
    create_table :fiber_link_preferences, id: false do |t|
      t.integer :user_id, null: false, primary_key: true
      t.boolean :accepts_tips, null: false, default: true
      t.boolean :notified, null: false, default: true
      t.boolean :on_leaderboard, null: false, default: false
      # The account was anonymized: what the server still knows of it is not taken back in.
      t.boolean :closed, null: false, default: false
      t.timestamps
    end
  end
end
