# frozen_string_literal: true

module FiberLink
  class WalletController < ApplicationController
    include TextParams

    requires_login

    def show
      limit("show", 60)
      render json: {
               balances: Wallet.new(current_user).balances,
               preferences: Preferences.for(current_user).choices,
             }
    end

    def tips
      limit("tips", 60)
      tips = OwnTips.new(current_user, guardian, direction: direction)
      render json: tips.page(before: optional_text_param(:before))
    end

    private

    def direction
      value = text_param(:direction)
      OwnTips::DIRECTIONS.include?(value) ? value : raise(Discourse::InvalidParameters, :direction)
    end

    def limit(what, count)
      RateLimiter.new(current_user, "fiber-link-wallet-#{what}", count, 1.minute).performed!
    end
  end
end
