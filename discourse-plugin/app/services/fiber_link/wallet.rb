# frozen_string_literal: true

module FiberLink
  # What an account has, by the server's ledger.
  class Wallet
    # `account` is an id that the server knows it by.
    def initialize(account)
      @account = account
    end

    def balances
      answer = Client.call("dashboard.summary", { userId: @account.to_s, limit: 1 })
      answer.objects("balancesByAsset", limit: 100).map do |balance|
        %w[available reserved pending].each_with_object(
          { asset: balance.string("asset") },
        ) { |name, fields| fields[name.to_sym] = Amount.format(balance.amount(name)) }
      end
    end
  end
end
