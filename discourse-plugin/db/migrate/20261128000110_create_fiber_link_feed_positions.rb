# frozen_string_literal: true

# One row: how far the server's events are recorded. It is made here because its creation is the
# moment of the installation: nobody is notified of what happened before.
class CreateFiberLinkFeedPositions < ActiveRecord::Migration[7.2]
  def up
    create_table :fiber_link_feed_positions do |t|
      t.string :cursor, limit: 255
      t.datetime :last_sync_at
      t.string :last_error, limit: 40
      t.integer :passed_over, null: false, default: 0
      t.timestamps

      t.check_constraint "id = 1", name: "fiber_link_feed_positions_one"
    end

    execute <<~SQL
      INSERT INTO fiber_link_feed_positions (id, created_at, updated_at)
      VALUES (1, CURRENT_TIMESTAMP AT TIME ZONE 'UTC', CURRENT_TIMESTAMP AT TIME ZONE 'UTC')
    SQL
  end

  def down
    drop_table :fiber_link_feed_positions
  end
end
