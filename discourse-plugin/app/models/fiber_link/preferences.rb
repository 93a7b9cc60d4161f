# frozen_string_literal: true

module FiberLink
  # What a user chose. Who has chosen nothing has no row: the defaults of the columns hold.
  class Preferences < ActiveRecord::Base
    self.table_name = "fiber_link_preferences"
    self.primary_key = "user_id"

    CHOICES = %i[accepts_tips notified on_leaderboard].freeze

    class << self
      def for(user)
        find_by(user_id: user.id) || new(user_id: user.id)
      end

      def change(user, attributes)
        row = find_by(user_id: user.id) || create_or_find_by!(user_id: user.id)
        row.update!(attributes)
        row
      end

      def forget(user)
        where(user_id: user.id).delete_all
      end

      # Whoever gave an account up does not come back to withdraw what would be tipped.
      def close(user)
        change(user, accepts_tips: false, notified: false, on_leaderboard: false, closed: true)
      end

      # For good: also if whoever has the account chooses anew.
      def closed?(user_id)
        exists?(user_id: user_id, closed: true)
      end

      # What the one who stays has chosen holds. Being shown is agreed to by each for himself, and
      # an account that was closed has chosen nothing.
      def merge(source, target)
        from = find_by(user_id: source.id)
        return if from.nil?

        carried = from.choices.except(:on_leaderboard)
        change(target, carried) unless from.closed || exists?(user_id: target.id)
        from.delete
      end
    end

    def choices
      CHOICES.to_h { |name| [name, self[name]] }
    end
  end
end

# == Schema Information
#
# Table name: fiber_link_preferences
#
#  user_id        :integer          not null, primary key
#  accepts_tips   :boolean          default(TRUE), not null
#  notified       :boolean          default(TRUE), not null
#  on_leaderboard :boolean          default(FALSE), not null
#  closed         :boolean          default(FALSE), not null
#  created_at     :datetime         not null
#  updated_at     :datetime         not null
#
