# frozen_string_literal: true

module FiberLink
  # Unread notifications of tips for one post become one.
  module NotificationConsolidation
    def self.tips_for_one_post_plan
      Notifications::DeletePreviousNotifications
        .new(
          type: Notification.types[:fiber_link_tip],
          previous_query_blk: ->(notifications, data) do
            notifications.where(id: data[:previous_notification_id])
          end,
        )
        .set_mutations(set_data_blk: ->(notification) { merged_data(notification) })
        .set_precondition(
          precondition_blk: ->(data, _notification) { data[:previous_notification_id].present? },
        )
    end

    def self.merged_data(notification)
      data = notification.data_hash
      earlier = unread(notification)
      return data if earlier.nil?
      NotificationData.fit(merge(data, earlier)).with_indifferent_access
    end

    def self.merge(data, earlier)
      was = earlier.data_hash
      names = [was[:display_username], was[:username2]].compact - [data[:display_username]]
      data.merge(
        previous_notification_id: earlier.id,
        count: was.fetch(:count, 1).to_i + 1,
        totals: NotificationData.add(was[:totals], data[:totals]),
        display_username: data[:display_username],
        username2: names.first,
        user_ids: (data[:user_ids].to_a | was[:user_ids].to_a).first(10),
      )
    end

    def self.unread(notification)
      return if notification.topic_id.nil?
      Notification
        .unread
        .where(
          user_id: notification.user_id,
          notification_type: notification.notification_type,
          topic_id: notification.topic_id,
          post_number: notification.post_number,
        )
        .order(id: :desc)
        .first
    end
    private_class_method :merged_data, :merge, :unread
  end
end
