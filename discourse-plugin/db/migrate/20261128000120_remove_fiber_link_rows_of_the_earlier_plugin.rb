# frozen_string_literal: true

# The earlier plugin kept a row for every tip that it had notified somebody of. None is read any
# more. Its cursor stays: whoever goes back to that plugin without it would have everybody notified
# of every tip that there ever was.
class RemoveFiberLinkRowsOfTheEarlierPlugin < ActiveRecord::Migration[7.2]
  def up
    execute <<~SQL
      DELETE FROM plugin_store_rows
      WHERE plugin_name = 'fiber-link' AND key LIKE 'tip\\_notifications:seen:%'
    SQL
  end

  def down
    # What was deleted said nothing that is needed.
  end
end
