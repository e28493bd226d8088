import { Controller, Get, Req, UseGuards } from '@nestjs/common';
import { requireScope } from 'passport-jwe/accept';
import { JweAuthGuard } from './jwe-auth.guard.js';
import { toNestGuard } from './to-nest-guard.js';
import type { User } from './users.service.js';

@Controller('documents')
@UseGuards(JweAuthGuard)
export class DocumentsController {
  @Get()
  list(@Req() req: { readonly user: User }): object {
    return { documents: [], for: req.user.name };
  }

  @Get('drafts')
  @UseGuards(toNestGuard(requireScope('read:drafts')))
  listDrafts(): object {
    return { drafts: [] };
  }
}
