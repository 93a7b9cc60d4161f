# frozen_string_literal: true

module FiberLink
  class WalletController < ApplicationController
    requires_login

    def show
      limit_requests("wallet", 60, 1.minute)
      render json: {
               balances: Wallet.new(account).balances,
               former_accounts: former_accounts,
               preferences: Preferences.for(current_user).choices,
             }
    end

    def tips
      limit_requests("wallet-tips", 60, 1.minute)
      before = text_param(:before) if params.key?(:before)
      render json: OwnTips.new(current_user, guardian, direction: direction).page(before: before)
    end

    private

    def former_accounts
      FormerAccount.of(current_user).map do |former|
        { id: former.former_id.to_s, username: former.username }
      end
    end

    def direction
      value = text_param(:direction)
      return value if OwnTips::DIRECTIONS.include?(value)
      raise Discourse::InvalidParameters.new(:direction)
    end
  end
end
