# frozen_string_literal: true

# The earlier plugin kept a row for every tip that it had notified somebody of, and a cursor into
# another feed. Neither is read any more.
class RemoveFiberLinkRowsOfTheEarlierPlugin < ActiveRecord::Migration[7.2]
  def up
    execute <<~SQL
      DELETE FROM plugin_store_rows
      WHERE plugin_name = 'fiber-link' AND
        (key = 'tip_notifications:cursor' OR key LIKE 'tip\\_notifications:seen:%')
    SQL
  end

  def down
    # What was deleted said nothing that is needed.
  end
end
