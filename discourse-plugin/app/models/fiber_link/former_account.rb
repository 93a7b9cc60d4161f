# frozen_string_literal: true

module FiberLink
  # An account that was merged into another. The server knows it by its id for good, with the
  # balance that it had; it belongs to whoever it was merged into.
  class FormerAccount < ActiveRecord::Base
    self.table_name = "fiber_link_former_accounts"
    self.primary_key = "former_id"

    # So many are shown to their user, the newest first.
    MOST = 20

    # Much longer than a merge takes. Where its user is there after that, it was given up.
    MERGING = 1.day

    # Before its user is gone, nobody else withdraws from it.
    scope :ended, -> { where("NOT EXISTS (SELECT 1 FROM users WHERE users.id = former_id)") }

    validate { errors.add(:former_id, :taken) if User.exists?(id: former_id) }

    class << self
      # Also once more, after it was interrupted.
      def merge(source, target)
        closed = Preferences.closed?(source.id) || closed?(source.id)
        where(user_id: source.id).update_all(user_id: target.id)
        upsert(
          {
            former_id: source.id,
            user_id: target.id,
            username: closed ? nil : source.username,
            closed: closed,
            created_at: Time.zone.now,
          },
        )
      end

      def of(user)
        ended.where(user_id: user.id).order(created_at: :desc, former_id: :desc).limit(MOST)
      end

      # Who an id of the server's belongs to, or will when the merge is through.
      def current_id(id)
        found = where(former_id: id)
        found.ended.or(found.where("created_at >= ?", MERGING.ago)).pick(:user_id) || id
      end

      # What it gave names its user no more.
      def closed?(id)
        exists?(former_id: id, closed: true)
      end

      def close(user)
        where(user_id: user.id).update_all(username: nil, closed: true)
      end

      # Also of a merge that was given up: nobody comes to what this user leaves behind.
      def forget(user)
        where(user_id: user.id).delete_all
        where(former_id: user.id).where("created_at < ?", MERGING.ago).delete_all
      end
    end
  end
end

# == Schema Information
#
# Table name: fiber_link_former_accounts
#
#  former_id  :integer          not null, primary key
#  user_id    :integer          not null
#  username   :string
#  closed     :boolean          default(FALSE), not null
#  created_at :datetime         not null
#
# Indexes
#
#  index_fiber_link_former_accounts_on_user_id  (user_id)
#
