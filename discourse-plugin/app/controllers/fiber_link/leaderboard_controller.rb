# frozen_string_literal: true

module FiberLink
  class LeaderboardController < ApplicationController
    skip_before_action :check_xhr

    def show
      raise Discourse::NotFound if !SiteSetting.fiber_link_leaderboard_enabled

      respond_to do |format|
        format.html { render "default/empty" }
        format.json { render json: board }
      end
    end

    private

    def board
      limit_requests("leaderboard", 60, 1.minute)
      Leaderboard.new(guardian, period: choice(:period), asset: choice(:asset)).as_json
    end

    # What is not said is the first one.
    def choice(name)
      choices = name == :asset ? Leaderboard.assets : Leaderboard::PERIODS.keys
      value = params.key?(name) ? text_param(name) : choices.first
      choices.include?(value) ? value : raise(Discourse::InvalidParameters.new(name))
    end
  end
end
