# frozen_string_literal: true

module FiberLink
  class TipsController < ApplicationController
    requires_login

    def options
      raise Discourse::NotFound
    end
  end
end
