# frozen_string_literal: true

module FiberLink
  # How far the server's events are recorded: the one row of its table.
  class FeedPosition < ActiveRecord::Base
    self.table_name = "fiber_link_feed_positions"

    ID = 1

    def self.current
      find_by(id: ID) || create_or_find_by!(id: ID)
    end

    # Whoever records what the server says takes this lock first. Two who record the same tips in
    # another order would wait for each other. Whoever forgets or moves what was recorded of people
    # takes it as well: what is recorded at the same time is there before, or knows of it.
    def self.exclusively
      current
      transaction { yield lock.find(ID) }
    end

    # People are notified of what happens from here on. The feed begins with the first tip that the
    # server ever had: it fills the totals, and whoever got those tips was told by the earlier
    # plugin or saw them in the balance.
    def notified_from
      created_at
    end
  end
end

# == Schema Information
#
# Table name: fiber_link_feed_positions
#
#  id           :bigint           not null, primary key
#  cursor       :string(255)
#  last_sync_at :datetime
#  last_error   :string(40)
#  passed_over  :integer          default(0), not null
#  created_at   :datetime         not null
#  updated_at   :datetime         not null
#
