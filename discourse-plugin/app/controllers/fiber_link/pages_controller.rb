# frozen_string_literal: true

module FiberLink
  # Pages that the front end draws: so that a reload of one is the application, and no 404.
  class PagesController < ApplicationController
    skip_before_action :check_xhr

    # The earlier plugin had its page here.
    def own
      redirect_to "#{Discourse.base_path}/my/fiber-link"
    end

    def of_user
      respond_to do |format|
        format.html { render "default/empty" }
        format.any { raise Discourse::NotFound }
      end
    end
  end
end
