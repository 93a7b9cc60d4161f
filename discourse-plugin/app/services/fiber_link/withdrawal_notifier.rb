# frozen_string_literal: true

module FiberLink
  # Tells creators how their withdrawals ended. It is their money: no preference mutes it.
  class WithdrawalNotifier
    KINDS = { "withdrawal.completed" => "completed", "withdrawal.failed" => "failed" }.freeze

    # `withdrawal` is an Answer; `at` is when it ended.
    def self.ended(type, withdrawal, at)
      return if at < FeedPosition.current.notified_from
      user = User.find_by(id: ForumId.parse(withdrawal.string("userId")))
      kind = KINDS.fetch(type)
      id = withdrawal.string("id")
      return if user.nil? || told?(user, kind, id)
      Notification.create!(
        notification_type: Notification.types[:fiber_link_withdrawal],
        user_id: user.id,
        data: {
          kind: kind,
          withdrawal_id: id,
          asset: withdrawal.string("asset"),
          amount: Amount.format(withdrawal.amount("amount")),
        }.to_json,
      )
    end

    # Events come again when the server's are read anew.
    def self.told?(user, kind, id)
      Notification
        .where(user_id: user.id, notification_type: Notification.types[:fiber_link_withdrawal])
        .where("data::json ->> 'kind' = ? AND data::json ->> 'withdrawal_id' = ?", kind, id)
        .exists?
    end
    private_class_method :told?
  end
end
