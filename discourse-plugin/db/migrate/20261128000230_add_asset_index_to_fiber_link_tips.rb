# frozen_string_literal: true

# What the leaderboard reads, of each period.
class AddAssetIndexToFiberLinkTips < ActiveRecord::Migration[7.2]
  def change
    add_index :fiber_link_tips,
              %i[asset settled_at],
              where: "state = 'settled'",
              name: "index_fiber_link_tips_settled_by_asset"
  end
end
