# frozen_string_literal: true

module FiberLink
  # Tells people what arrived, in Discourse's notifications.
  class TipNotifier
    def self.tip_settled(tip)
      new(tip).notify
    end

    def initialize(tip)
      @tip = tip
      @payee = tip.payee
    end

    def notify
      return if @payee.nil? || @payee.id == @tip.user_id
      return if @tip.settled_at < FeedPosition.current.notified_from
      return unless Preferences.for(@payee).notified?
      # Since the invoice was made.
      return if @tip.user && Payees.avoids?(@payee, @tip.user)
      Notification.transaction do
        earlier = unread
        told = earlier ? NotificationData.merge(data, earlier.data_hash) : data
        earlier&.destroy!
        Notification.create!(**place, data: NotificationData.fit(told).to_json)
      end
    end

    private

    def place
      {
        notification_type: Notification.types[:fiber_link_tip],
        user_id: @payee.id,
        topic_id: post&.topic_id,
        post_number: post&.post_number,
      }
    end

    # Unread notifications for one post become one. Discourse's plans that consolidate keep what
    # they are at in an object that all threads share, so none is used.
    def unread
      Notification.unread.where(place).order(id: :desc).lock.first if post
    end

    # Without a link to what the payee does not see any more. A deleted topic is nil, and its
    # posts are not deleted with it.
    def post
      return @post if defined?(@post)
      found = @tip.post
      visible = found&.topic && !found.trashed? && Guardian.new(@payee).can_see?(found)
      @post = visible ? found : nil
    end

    def data
      giver = @tip.named_user
      {
        tip_id: @tip.tip_id,
        display_username: giver&.username,
        # So that the name can be removed with the account.
        user_ids: [giver&.id].compact,
        count: 1,
        totals: [{ asset: @tip.asset, amount: Amount.format(@tip.amount) }],
        message: @tip.message,
        topic_title: post && post.topic.title.truncate(100, omission: "…"),
      }
    end
  end
end
