# frozen_string_literal: true

module FiberLink
  # Tells creators how their withdrawals ended. It is their money: no preference mutes it.
  class WithdrawalNotifier
    KINDS = { "withdrawal.completed" => "completed", "withdrawal.failed" => "failed" }.freeze

    # `withdrawal` is an Answer; `at` is when it ended.
    def self.ended(type, withdrawal, at)
      return if at < FeedPosition.current.notified_from
      user = User.find_by(id: ForumId.parse(withdrawal.string("userId")))
      return if user.nil?
      Notification.create!(
        notification_type: Notification.types[:fiber_link_withdrawal],
        user_id: user.id,
        data: {
          kind: KINDS.fetch(type),
          withdrawal_id: withdrawal.string("id"),
          asset: withdrawal.string("asset"),
          amount: Amount.format(withdrawal.amount("amount")),
        }.to_json,
      )
    end
  end
end
