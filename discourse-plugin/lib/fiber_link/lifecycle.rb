# frozen_string_literal: true

module FiberLink
  # Keeps tips and choices right while posts move and people come and go. What is settled stays
  # settled: only who and where changes.
  module Lifecycle
    class << self
      # The account is gone: nobody is named, and the totals stay.
      def user_destroyed(user)
        FeedPosition.exclusively do
          forget_giver(user)
          Tip.where(payee_id: user.id).update_all(payee_id: nil)
          Preferences.forget(user)
          FormerAccount.forget(user)
        end
      end

      # The account stays, under another name; what it gave names it no more, and neither does what
      # the feed brings later.
      def user_anonymized(user)
        FeedPosition.exclusively do
          Preferences.close(user)
          FormerAccount.close(user)
          forget_giver(user)
        end
      end

      # Notifications follow, so that the one who stays can be forgotten later. The server goes on
      # crediting the source; who stays withdraws that too.
      def merging_users(source, target)
        FeedPosition.exclusively { merge(source, target) }
      end

      # A post that is deleted for good has no row any more; one that may come back has.
      def post_destroyed(post)
        return if Post.with_deleted.exists?(id: post.id)
        Tip.where(post_id: post.id).update_all(post_id: nil, topic_id: nil)
      end

      def post_recovered(post)
        TipRecorder.publish_totals(post) if Tip.settled.exists?(post_id: post.id)
      end

      # The first post of a topic does not move: a copy does.
      def post_moved(post, original = nil)
        Tip.where(post_id: [post.id, original&.id].compact.uniq).update_all(
          post_id: post.id,
          topic_id: post.topic_id,
        )
      end

      private

      def merge(source, target)
        notifications_of(source).find_each do |notification|
          data = notification.data_hash
          ids = data[:user_ids].map { |id| id == source.id ? target.id : id }.uniq
          notification.update!(data: data.merge(user_ids: ids).to_json)
        end
        # What came after the forum had moved all others.
        types = Notification.types.values_at(:fiber_link_tip, :fiber_link_withdrawal)
        came = Notification.where(user_id: source.id, notification_type: types)
        came.update_all(user_id: target.id)
        Tip.where(user_id: source.id).update_all(user_id: target.id)
        Tip.where(payee_id: source.id).update_all(payee_id: target.id)
        FormerAccount.merge(source, target)
        Preferences.merge(source, target)
      end

      def forget_giver(user)
        notifications_of(user).find_each { |notification| forget_name(notification, user) }
        Tip.where(user_id: user.id).update_all(
          user_id: nil,
          anonymous: true,
          message: nil,
          idempotency_key: nil,
        )
      end

      # Those that tell of tips which a user gave.
      def notifications_of(user)
        payees = Tip.where(user_id: user.id).distinct.pluck(:payee_id).compact
        Notification
          .where(notification_type: Notification.types[:fiber_link_tip], user_id: payees)
          .where("data::jsonb -> 'user_ids' @> ?::jsonb", [user.id].to_json)
      end

      # Which of the two names is theirs is not written down; neither stays.
      def forget_name(notification, user)
        data = notification.data_hash
        data = data.merge(
          display_username: nil,
          username2: nil,
          message: nil,
          user_ids: data[:user_ids] - [user.id],
        )
        notification.update!(data: data.to_json)
      end
    end
  end
end
