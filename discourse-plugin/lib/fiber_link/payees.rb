# frozen_string_literal: true

module FiberLink
  # Who of many people may be tipped, in one query: those who take tips and can come for them. With
  # a giver not those who ignore or mute him: a tip has words, and would reach them nevertheless.
  module Payees
    class << self
      def among(user_ids, giver: nil)
        ids = user_ids.compact.select(&:positive?).uniq
        return [] if ids.empty?
        unwilling = Preferences.where(accepts_tips: false).select(:user_id)
        people = reachable(ids).where.not(id: unwilling)
        excluded = SiteSetting.fiber_link_excluded_groups_map
        if excluded.any?
          people = people.where.not(id: GroupUser.where(group_id: excluded).select(:user_id))
        end
        avoiding(giver).each { |avoiders| people = people.where.not(id: avoiders) } if giver
        people.pluck(:id)
      end

      def avoids?(payee, giver)
        avoiding(giver).any? { |avoiders| avoiders.exists?(user_id: payee.id) }
      end

      private

      def reachable(ids)
        User.where(id: ids, active: true, staged: false).where(
          "suspended_till IS NULL OR suspended_till <= ?",
          Time.zone.now,
        )
      end

      def avoiding(giver)
        [
          IgnoredUser.where(ignored_user_id: giver.id).where("expiring_at > ?", Time.zone.now),
          MutedUser.where(muted_user_id: giver.id),
        ].map { |rows| rows.select(:user_id) }
      end
    end
  end
end
