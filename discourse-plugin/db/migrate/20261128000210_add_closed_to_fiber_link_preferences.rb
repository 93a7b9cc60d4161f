# frozen_string_literal: true

# Of accounts that were anonymized: what the server still knows of them is not taken back in.
class AddClosedToFiberLinkPreferences < ActiveRecord::Migration[7.2]
  def change
    add_column :fiber_link_preferences, :closed, :boolean, null: false, default: false
  end
end
